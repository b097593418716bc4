-- Numbers the days that exist for a streak, from one day to another; none where every day does.
create or replace function badges_internal._verify_existing_days(
    p_existing jsonb,
    p_first date,
    p_last date
)
returns table (day date, number integer)
language sql
stable
parallel safe
begin atomic
    select listed.day::date, (row_number() over (order by listed.day))::integer
    from generate_series(p_first::timestamp, p_last::timestamp, '1 day') as listed (day)
    where p_existing is not null
    and badges_internal._verify_exists(p_existing, listed.day::date);
end;

comment on function badges_internal._verify_existing_days(jsonb, date, date) is
'Numbers the days that exist for a streak, from one day to another; none where every day does.';
