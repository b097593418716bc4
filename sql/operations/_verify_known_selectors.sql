-- Refuses to verify where a selector says something that the recomputation does not read.
--
-- Raises: 0A000 rather than calling such a stat exact or wrong.
create or replace function badges_internal._verify_known_selectors()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stat text;
    v_key text;
begin
    select definition.stat, key.name
    into v_stat, v_key
    from badges_internal.stat_definitions as definition
    cross join lateral jsonb_object_keys(definition.selector) as key (name)
    where key.name <> all(array[
        'types', 'where', 'when', 'field', 'per', 'window', 'distinct', 'per_value', 'unit',
        'per_unit', 'grace'
    ])
    limit 1;
    if found then
        raise exception 'the selector key % cannot be verified', v_key
            using errcode = 'feature_not_supported',
            detail = format('The stat %s asks for it.', v_stat);
    end if;
end;
$$;

comment on function badges_internal._verify_known_selectors() is
'Refuses to verify where a selector says something that the recomputation does not read.';
