-- Refuses whoever may not attach, and a table of which the engine may not read or lock all.
--
-- p_table null = only who asks. The engine runs as the owner of schema badges: it reads the table,
-- locks rows of it and makes triggers on it.
--
-- Raises: 42501.
create or replace function badges_internal._require_attaching(p_table regclass default null)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_missing text := badges_internal._missing_source_right(p_table);
begin
    if not badges_internal._is_administrator() then
        raise exception 'only the platform administrator may attach tables'
        using
            errcode = '42501',
            hint = 'Act as a member of the role that owns schema badges.';
    end if;
    if v_missing is not null then
        raise exception 'the role % may not read and watch all of %', current_user, p_table
        using errcode = '42501', hint = format('Run `%s`.', v_missing);
    end if;
end;
$$;

comment on function badges_internal._require_attaching(regclass) is
'Refuses whoever may not attach, and a table of which the engine may not read or lock all.';
