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
    select definition.stat, named.key
    into v_stat, v_key
    from badges_internal.stat_definitions as definition
    cross join lateral jsonb_each(definition.selector) as given (key, value)
    left join lateral jsonb_object_keys(case
        when jsonb_typeof(given.value) = 'object' and given.key not in ('where', 'qualify')
            then given.value
    end) as detail (key) on true
    cross join lateral (select concat_ws('.', given.key, detail.key) as key) as named
    where named.key <> all(array[
        'types', 'where', 'when.hours', 'when.weekdays', 'when.months', 'when.dates',
        'when.days_of_year', 'when.from', 'when.until', 'field', 'per', 'window',
        'window.rolling_days', 'distinct', 'per_value.measure', 'per_value.field',
        'per_value.at_least', 'unit', 'per_unit.measure', 'per_unit.field', 'per_unit.at_least',
        'grace', 'on.weekdays', 'on.closed', 'excused_by.types', 'excused_by.where',
        'qualify', 'of_at_least', 'of_last', 'cap.per', 'cap.at', 'cap.measure'
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
