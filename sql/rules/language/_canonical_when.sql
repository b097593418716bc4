-- Gives when in its canonical form: weekdays as ISO numbers, hours as HH:MM, lists sorted.
create or replace function badges_internal._canonical_when(p_when jsonb)
returns jsonb
language sql
immutable
parallel safe
begin atomic
    select nullif(jsonb_strip_nulls(jsonb_build_object(
        'hours', (
            select jsonb_agg(
                case
                    when jsonb_typeof(hour.bound) = 'number'
                        then lpad((hour.bound #>> '{}')::numeric::integer::text, 2, '0') || ':00'
                    else lpad(hour.bound #>> '{}', 5, '0')
                end
                order by hour.position
            )
            from jsonb_array_elements(p_when -> 'hours')
                with ordinality as hour (bound, position)
        ),
        'weekdays', (
            select jsonb_agg(distinct
                array_position(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], day.name)
            )
            from jsonb_array_elements_text(p_when -> 'weekdays') as day (name)
        ),
        'months', (
            select jsonb_agg(distinct listed.value::integer)
            from jsonb_array_elements(p_when -> 'months') as listed
        ),
        'dates', (
            select jsonb_agg(distinct listed.value)
            from jsonb_array_elements(p_when -> 'dates') as listed
        ),
        'days_of_year', (
            select jsonb_agg(distinct listed.value::integer)
            from jsonb_array_elements(p_when -> 'days_of_year') as listed
        ),
        'from', p_when -> 'from',
        'until', p_when -> 'until'
    )), '{}');
end;

comment on function badges_internal._canonical_when(jsonb) is
'Gives when in its canonical form: weekdays as ISO numbers, hours as HH:MM, lists sorted.';
