-- Lists the tenures that rules ask of people who began: when each falls due.
--
-- Due at local midnight, so long after the least local day of the first activities. An activity's
-- day lies within a day of its moment: only the days around the first moment can be the least.
create or replace function badges_internal._tenures(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_badge_definition_ids text[] -- null = every badge
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    node integer,
    due_at timestamptz
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and milestone.measure = 'tenure'
    ) then
        return;
    end if;
    return query
    select
        person.peer_mentor_id, person.org_id, milestone.badge_definition_id, milestone.node,
        (first_day.activity_date + milestone.duration) at time zone organization.time_zone
    from (
        select distinct given.*
        from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
    ) as person
    join badges.organizations as organization on organization.org_id = person.org_id
    join badges_internal.milestones as milestone
        on milestone.org_id = person.org_id
        and milestone.measure = 'tenure'
        and (
            p_badge_definition_ids is null
            or milestone.badge_definition_id = any(p_badge_definition_ids)
        )
    join badges.peer_mentor_stats as held
        on held.peer_mentor_id = person.peer_mentor_id
        and held.org_id = person.org_id
        and held.stat = milestone.stat
        and held.bucket = ''
    cross join lateral (
        select min(found.activity_date) as activity_date
        from badges_internal._selected_activities(
            array[person.peer_mentor_id], person.org_id, milestone.stat, '',
            (held.first_at at time zone 'UTC')::date - 1,
            (held.first_at at time zone 'UTC')::date + 1
        ) as found
    ) as first_day
    where first_day.activity_date is not null;
end;
$$;

comment on function badges_internal._tenures(uuid[], text[], text[]) is
'Lists the tenures that rules ask of people who began: when each falls due.';
