-- Counts the days, weeks or months that exist strictly between those of two days.
--
-- p_calendar: of a streak, the days that exist: ISO weekdays, closed days (docs of _canonical_on);
-- null = all. Closed days are looked at only where weekdays lie between.
create or replace function badges_internal._missed_units(
    p_unit text,
    p_from date,
    p_to date,
    p_calendar jsonb
)
returns integer
language plpgsql
immutable
parallel safe
as $$
declare
    v_days constant integer := p_to - p_from - 1;
    v_missed integer;
begin
    if p_calendar is null then
        return badges_internal._unit_number(p_unit, p_to)
            - badges_internal._unit_number(p_unit, p_from) - 1;
    elsif v_days <= 0 then
        return v_days;
    end if;
    v_missed := v_days;
    if p_calendar ? 'weekdays' then
        select
            v_days / 7 * count(*) + count(*) filter (
                where (weekday.number::integer - extract(isodow from p_from)::integer + 6) % 7
                    < v_days % 7
            )
        into v_missed
        from jsonb_array_elements(p_calendar -> 'weekdays') as weekday (number);
    end if;
    if v_missed > 0 and p_calendar ? 'closed' then
        v_missed := v_missed - (
            select count(*)
            from jsonb_array_elements_text(p_calendar -> 'closed') as closed (day)
            cross join lateral (select nullif(left(closed.day, -6), '')::integer as year) as once
            cross join lateral generate_series(
                coalesce(once.year, extract(year from p_from)::integer),
                coalesce(once.year, extract(year from p_to)::integer)
            ) as year (number)
            cross join lateral (
                select make_date(
                    year.number, left(right(closed.day, 5), 2)::integer, 1
                ) + right(closed.day, 2)::integer - 1 as day
            ) as each
            where each.day > p_from
            and each.day < p_to
            and to_char(each.day, 'MM-DD') = right(closed.day, 5) -- not every year has its 02-29
            and coalesce(
                p_calendar -> 'weekdays' @> to_jsonb(extract(isodow from each.day)::integer), true
            )
        );
    end if;
    return v_missed;
end;
$$;

comment on function badges_internal._missed_units(text, date, date, jsonb) is
'Counts the days, weeks or months that exist strictly between those of two days.';
