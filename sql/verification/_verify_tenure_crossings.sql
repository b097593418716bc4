-- Tells when every condition about tenure fell due, of those that somebody has noticed.
--
-- Due at local midnight, so long after the least local day of such activities. Any activity of the
-- person from then on notices it, and so does a sweep that looked at the person.
create or replace function badges_internal._verify_tenure_crossings(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    condition_node integer,
    changed_at timestamptz,
    change integer
)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from badges_internal._verify_conditions() as condition
        where condition.measure = 'tenure'
    ) then
        return;
    end if;
    return query
    with conditions as materialized (
        select condition.*, organization.time_zone
        from badges_internal._verify_conditions() as condition
        inner join badges.organizations as organization using (org_id)
        where condition.measure = 'tenure'
    ), first_days as (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            min(choice.activity_date) as first_day
        from badges_internal._verify_choices(p_people, array['tenure'], null) as choice
        group by choice.peer_mentor_id, choice.org_id, choice.stat
    ), last_moments as (
        select
            activity.peer_mentor_id, activity.org_id, max(activity.occurred_at) as last_at
        from badges.activities as activity
        where activity.org_id in (select condition.org_id from conditions as condition)
        and (p_people is null or activity.peer_mentor_id = any(p_people))
        group by activity.peer_mentor_id, activity.org_id
    )
    select
        first.peer_mentor_id,
        first.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        due.at,
        1
    from first_days as first
    inner join conditions as condition using (org_id, stat)
    inner join last_moments as moment using (peer_mentor_id, org_id)
    left join badges_internal.due_people as swept using (peer_mentor_id, org_id)
    cross join lateral (
        select (first.first_day + condition.duration) at time zone condition.time_zone as at
    ) as due
    where due.at <= greatest(moment.last_at, swept.seen_until);
end;
$$;

comment on function badges_internal._verify_tenure_crossings(uuid[]) is
'Tells when every condition about tenure fell due, of those that somebody has noticed.';
