-- Refuses a table of users on which the engine may not make a trigger.
--
-- Raises: 42501.
create or replace function badges_internal._require_user_trigger(p_definition jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_users constant regclass := badges_internal._source_users(p_definition);
begin
    if not has_table_privilege(v_users, 'trigger') then
        raise exception 'the role % may not make a trigger on %', current_user, v_users
        using
            errcode = '42501',
            hint = format('Run `grant trigger on %s to %I`.', v_users, current_user);
    end if;
end;
$$;

comment on function badges_internal._require_user_trigger(jsonb) is
'Refuses a table of users on which the engine may not make a trigger.';
