-- The two schemas, for plain `yoyo apply`: `pgmerit migrate` makes them before it begins.
-- depends:

set local lock_timeout = '5s';
set local statement_timeout = '60s';

do $schemas$
declare
    v_schema text;
begin
    foreach v_schema in array array['badges', 'badges_internal'] loop
        if to_regnamespace(v_schema) is null then
            execute format('create schema %I', v_schema);
        elsif not exists (
            select
            from pg_catalog.pg_namespace as found
            where found.nspname = v_schema
            and pg_catalog.pg_get_userbyid(found.nspowner) = current_user
        ) then
            raise exception 'the schema % belongs to another role', v_schema
            using
                errcode = '42501',
                hint = 'Run this as that role if it installed pgmerit, else drop the schema.';
        end if;
    end loop;
end;
$schemas$;
