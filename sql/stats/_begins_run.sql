-- Tells whether a counted unit begins a run: too many are missed since the one counted before it.
--
-- By their numbers of _unit_number; null where there is none before. In line wherever it is called.
create or replace function badges_internal._begins_run(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_before integer,
    p_number integer
)
returns boolean
language sql
volatile
return case
    when p_number <= 1 + coalesce((p_route).grace, 0) + p_before then false
    when num_nonnulls((p_route).unit_calendar, (p_route).excuse_types) = 0
        then p_before is not null
    else not badges_internal._goes_on(
        p_peer_mentor_id, p_org_id, p_route,
        badges_internal._unit_day((p_route).element_unit, p_before),
        badges_internal._unit_day((p_route).element_unit, p_number)
    )
end;

comment on function badges_internal._begins_run(
    uuid, text, badges_internal.stat_route, integer, integer
) is
'Tells whether a counted unit begins a run: too many are missed since the one counted before it.';
