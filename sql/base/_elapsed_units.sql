-- Counts the whole days, months or years from one day to another, as PostgreSQL adds intervals.
--
-- p_unit: days, months or years. Months that end short do so on their last day: a month after
-- 31 January is 28 or 29 February. 0 where the second day is not after the first.
create or replace function badges_internal._elapsed_units(p_unit text, p_from date, p_to date)
returns integer
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return case
        when p_to <= p_from then 0
        when p_unit = 'days' then p_to - p_from
        else (
            select whole.months - (p_from + make_interval(months => whole.months) > p_to)::integer
            from (
                select (
                    (extract(year from p_to) - extract(year from p_from)) * 12
                    + extract(month from p_to) - extract(month from p_from)
                )::integer as months
            ) as whole
        ) / case when p_unit = 'years' then 12 else 1 end
    end;
end;
$$;

comment on function badges_internal._elapsed_units(text, date, date) is
'Counts the whole days, months or years from one day to another, as PostgreSQL adds intervals.';
