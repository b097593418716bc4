-- Tells whether the acting role has the rights of the role that owns schema badges.
create or replace function badges_internal._is_administrator()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select pg_has_role(badges_internal._acting_role(), schema.nspowner, 'usage')
        from pg_namespace as schema
        where schema.nspname = 'badges'
    );
end;
$$;

comment on function badges_internal._is_administrator() is
'Tells whether the acting role has the rights of the role that owns schema badges.';
