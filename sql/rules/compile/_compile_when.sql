-- Compiles a canonical when to the terms of a jsonpath over $minute, $date and the parts of it.
--
-- $minute is the local minute of the day; $date, $weekday, $month, $monthday and $yearday are of
-- the activity's local day (_choice_variables gives them).
create or replace function badges_internal._compile_when(p_when jsonb)
returns text[]
language sql
immutable
parallel safe
begin atomic
    select array_remove(
        array[
            case
                when clock.first_minute < clock.end_minute
                    then format(
                        '($minute >= %s && $minute < %s)', clock.first_minute, clock.end_minute
                    )
                when clock.first_minute is not null
                    then format(
                        '($minute >= %s || $minute < %s)', clock.first_minute, clock.end_minute
                    )
            end,
            listed.terms[1], listed.terms[2], listed.terms[3], listed.terms[4],
            '($date >= ' || (p_when -> 'from')::text || ')',
            '($date <= ' || (p_when -> 'until')::text || ')'
        ],
        null
    )
    from (
        select
            split_part(p_when -> 'hours' ->> 0, ':', 1)::integer * 60
                + split_part(p_when -> 'hours' ->> 0, ':', 2)::integer as first_minute,
            split_part(p_when -> 'hours' ->> 1, ':', 1)::integer * 60
                + split_part(p_when -> 'hours' ->> 1, ':', 2)::integer as end_minute
    ) as clock
    cross join (
        select array_agg(
            (
                select '(' || string_agg(
                    variable.name || ' == ' || choice.value::text, ' || ' order by choice.value
                ) || ')'
                from jsonb_array_elements(p_when -> variable.key) as choice
            )
            order by variable.key
        ) as terms
        from (values
            ('weekdays', '$weekday'),
            ('months', '$month'),
            ('dates', '$monthday'),
            ('days_of_year', '$yearday')
        ) as variable (key, name)
    ) as listed;
end;

comment on function badges_internal._compile_when(jsonb) is
'Compiles a canonical when to the terms of a jsonpath over $minute, $date and the parts of it.';
