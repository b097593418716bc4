-- Tells whether an activity that a sequence chose qualifies: 1, or 0.
create or replace function badges_internal._qualifies(
    p_route badges_internal.stat_route,
    p_attributes jsonb,
    p_quantity numeric
)
returns integer
language sql
immutable
parallel safe
return badges_internal._is_chosen(
    (p_route).qualify, (p_route).qualify_needs_quantity, false, null, p_attributes, p_quantity,
    null, null
)::integer;

comment on function badges_internal._qualifies(badges_internal.stat_route, jsonb, numeric) is
'Tells whether an activity that a sequence chose qualifies: 1, or 0.';
