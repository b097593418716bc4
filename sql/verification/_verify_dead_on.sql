-- Gives the first day on which so many units of a streak have passed since that of a day.
create or replace function badges_internal._verify_dead_on(
    p_unit text,
    p_day date,
    p_units integer,
    p_week_shift integer,
    p_existing jsonb
)
returns date
language sql
immutable
parallel safe
return case
    when p_existing is null then badges_internal._verify_unit_day(
        p_unit,
        badges_internal._verify_unit_number(p_unit, p_day, p_week_shift) + p_units + 1,
        p_week_shift
    )
    else (
        select passing.day + 1
        from (
            select listed.day::date as day
            from generate_series(
                (p_day + 1)::timestamp, (p_day + 1500 + 8 * p_units)::timestamp, '1 day'
            ) as listed (day)
            where badges_internal._verify_exists(p_existing, listed.day::date)
            order by listed.day
            limit p_units
        ) as passing
        order by passing.day desc
        limit 1
    )
end;

comment on function badges_internal._verify_dead_on(text, date, integer, integer, jsonb) is
'Gives the first day on which so many units of a streak have passed since that of a day.';
