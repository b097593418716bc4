-- Gives the days that exist for a streak: their ISO weekdays, and of the closed days those on them.
--
-- Null where every day exists. What is left out says nothing: all weekdays, no closed day. A date
-- that is closed every year anyway is left out too, so that each closed day is listed once.
create or replace function badges_internal._canonical_on(p_on jsonb, p_closed_days text[])
returns jsonb
language sql
immutable
parallel safe
begin atomic
    select nullif(jsonb_strip_nulls(jsonb_build_object(
        'weekdays', case when jsonb_array_length(asked.weekdays) < 7 then asked.weekdays end,
        'closed', case when p_on -> 'closed_days' = 'false' then (
            select jsonb_agg(distinct closed.day collate "C")
            from unnest(p_closed_days) as closed (day)
            where length(closed.day) < 10
            or right(closed.day, 5) <> all (p_closed_days)
            and coalesce(
                asked.weekdays @> to_jsonb(extract(isodow from closed.day::date)::integer), true
            )
        ) end
    )), '{}')
    from (
        select badges_internal._canonical_when(p_on - array['closed_days']) -> 'weekdays'
            as weekdays
        where p_on is not null
    ) as asked;
end;

comment on function badges_internal._canonical_on(jsonb, text[]) is
'Gives the days that exist for a streak: their ISO weekdays, and of the closed days those on them.';
