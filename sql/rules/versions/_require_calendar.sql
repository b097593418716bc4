-- Refuses what is no time zone, start of the day or start of the week, and nothing at all.
--
-- Raises: 22023.
create or replace function badges_internal._require_calendar(p_calendar jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_given record;
    v_kind jsonb;
begin
    if p_calendar = '{}' then
        raise exception 'no time zone, start of the day or start of the week is given'
        using
            errcode = '22023',
            hint = 'Give the one that changes.';
    end if;
    for v_given in select * from jsonb_each(p_calendar) as given loop
        v_kind := to_jsonb(v_given.key);
        if badges_internal._validate_value(v_kind, v_given.value, '$') <> '[]'
            or v_given.key = 'time_zone'
            and badges_internal._unknown_time_zones(array[v_given.value #>> '{}']) <> '{}'
        then
            raise exception '% is no %',
                badges_internal._quoted(v_given.value #>> '{}'),
                replace(replace(v_given.key, 'starts', 'start'), '_', ' ')
            using
                errcode = '22023',
                table = 'organizations',
                column = v_given.key,
                hint = format('Give %s.', badges_internal._allowed_here(v_kind));
        end if;
    end loop;
end;
$$;

comment on function badges_internal._require_calendar(jsonb) is
'Refuses what is no time zone, start of the day or start of the week, and nothing at all.';
