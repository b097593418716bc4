-- Evaluates every badge for one person and tells the awards that came of it.
--
-- Brings the person to the current rule set first, takes back revoke badges that no longer hold,
-- and moves earned_at back where it stands too late.
--
-- Locks:  the person's base row.
-- Raises: 23503 unknown organization.
create or replace function badges.evaluate_badges(p_peer_mentor_id uuid, p_org_id text)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    earned_at timestamptz,
    name text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_after constant bigint := badges_internal._last_event();
    v_people constant uuid[] := array[p_peer_mentor_id];
    v_orgs constant text[] := array[p_org_id];
begin
    if exists (
        select
        from badges.activities as activity
        where activity.peer_mentor_id = p_peer_mentor_id
        and activity.org_id = p_org_id
    ) then
        perform badges_internal._lock_people(v_people, v_orgs);
        perform badges_internal._bring_up_to_date(v_people, v_orgs, true);
    else
        -- Awards by hand or kept ones are all there is: no base row is made for them.
        perform badges_internal._require_organization(p_org_id);
        perform badges_internal._hold_rules();
    end if;
    perform badges_internal._evaluate_people(
        v_people, v_orgs,
        array(
            select distinct row(
                p_peer_mentor_id, p_org_id, milestone.badge_definition_id, null, null
            )::badges_internal.candidate
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
        ),
        array[row(p_peer_mentor_id, p_org_id, '-infinity')::badges_internal.late_person],
        v_people, v_orgs, 'rule'
    );
    perform badges_internal._forget_strangers(v_people, v_orgs);
    return query
    select
        made.peer_mentor_id, made.org_id, made.badge_definition_id, made.tier, made.occurrence,
        made.earned_at, made.name
    from badges_internal._new_badges(v_after) as made;
end;
$$;

comment on function badges.evaluate_badges(uuid, text) is
'Evaluates every badge for one person and tells the awards that came of it.';
