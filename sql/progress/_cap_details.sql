-- Tells of a capped condition what its newest unit has, and how much of that counts.
--
-- {"capped": {"unit", "at", "from", "until", "value", "counted"}}: of the best part's unit with the
-- last activity; {} where there is none.
create or replace function badges_internal._cap_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text
        := badges_internal._unit_in(p_milestone.org_id, p_selector -> 'cap' ->> 'per');
    v_at constant numeric := (p_selector -> 'cap' -> 'at')::numeric;
begin
    return coalesce((
        select jsonb_build_object('capped', jsonb_build_object(
            'unit', p_selector -> 'cap' -> 'per',
            'at', v_at,
            'from', held.run_end,
            'until', badges_internal._unit_end(v_unit, held.run_end),
            'value', held.value_last,
            'counted', least(held.value_last, v_at)
        ))
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_milestone.org_id
        and held.stat = p_milestone.stat
        order by held.value_sum desc, held.run_end desc, held.bucket
        limit 1
    ), '{}');
end;
$$;

comment on function badges_internal._cap_details(uuid, badges_internal.milestones, jsonb) is
'Tells of a capped condition what its newest unit has, and how much of that counts.';
