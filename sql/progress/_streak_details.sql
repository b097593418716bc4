-- Tells of a streak how long its runs are, and whether the unit of p_as_of counts yet.
--
-- {"run": {"unit", "longest", "current", "first", "last", "alive_until", "grace", "excused",
-- "closed"}, "now": {"unit", "from", "until", "counts", "value", "target", "remaining", "exists",
-- "is_excused"}}. run: not of streaks that need not be
-- consecutive; first and last unit of the current run by their first days, while it is alive; after
-- alive_until it has ended unless something counts. now: what the unit has and needs to count.
create or replace function badges_internal._streak_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_unit text,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_held badges.peer_mentor_stats;
    v_now jsonb;
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_milestone.org_id, p_milestone.stat)).route;
begin
    select held.*
    into v_held
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_milestone.org_id
    and held.stat = p_milestone.stat
    and held.bucket = '';
    v_now := badges_internal._unit_details(
        p_peer_mentor_id, p_milestone, p_selector, v_route, p_unit, p_as_of
    );
    if p_milestone.measure not like '%run' then
        return jsonb_build_object('now', v_now);
    end if;
    return jsonb_build_object(
        'run', badges_internal._run_details(
            v_held, p_unit, v_route, p_as_of
        ),
        'now', v_now
    );
end;
$$;

comment on function badges_internal._streak_details(
    uuid, badges_internal.milestones, jsonb, text, date
) is
'Tells of a streak how long its runs are, and whether the unit of p_as_of counts yet.';
