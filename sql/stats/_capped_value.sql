-- Gives what an activity brings to the total of its unit: one, or its value; 0 where it has none.
create or replace function badges_internal._capped_value(
    p_route badges_internal.stat_route,
    p_measured numeric
)
returns numeric
language sql
immutable
parallel safe
return case when (p_route).sequence = 'capped_count' then 1 else coalesce(p_measured, 0) end;

comment on function badges_internal._capped_value(badges_internal.stat_route, numeric) is
'Gives what an activity brings to the total of its unit: one, or its value; 0 where it has none.';
