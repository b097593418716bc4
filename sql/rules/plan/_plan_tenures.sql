-- Tells for whom planned tenures have fallen due, and when.
--
-- Due when the local day begins that comes so long after the first activity that the rule chooses,
-- and seen once the person's last activity, or the last sweep, is not before it.
create or replace function badges_internal._plan_tenures(
    p_milestones badges_internal.milestones[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    node integer,
    occurrence integer,
    due_at timestamptz
)
language plpgsql
volatile
rows 10000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
#variable_conflict use_column
begin
    return query
    select
        begun.peer_mentor_id, milestone.org_id, milestone.badge_definition_id, milestone.node,
        milestone.occurrence, due.moment
    from badges_internal._plan_first_days(p_milestones, null) as begun
    join badges.organizations as organization on organization.org_id = begun.org_id
    join unnest(p_milestones) as milestone
        on milestone.org_id = begun.org_id
        and milestone.stat = begun.stat
        and milestone.measure = 'tenure'
    join badges.peer_mentor_stats as base
        on base.peer_mentor_id = begun.peer_mentor_id
        and base.org_id = begun.org_id
        and base.stat = '*'
        and base.bucket = ''
    left join badges_internal.due_people as seen
        on seen.peer_mentor_id = begun.peer_mentor_id
        and seen.org_id = begun.org_id
    cross join lateral (
        select badges_internal._day_begins(
            (begun.first_day + milestone.duration)::date, organization.time_zone,
            organization.day_starts
        )
    ) as due (moment)
    where due.moment <= greatest(base.last_at, seen.seen_until);
end;
$$;

comment on function badges_internal._plan_tenures(badges_internal.milestones[]) is
'Tells for whom planned tenures have fallen due, and when.';
