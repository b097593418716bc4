-- Tells when every condition about tenure fell due, of those that somebody has noticed.
--
-- Due when the local day begins that comes so long after the least one of such activities. Any
-- activity of the person from then on notices it, and so does a sweep that looked at the person.
create or replace function badges_internal._verify_tenure_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from badges_internal._verify_conditions(p_scope) as condition
        where condition.measure = 'tenure'
    ) then
        return;
    end if;
    return query
    with conditions as materialized (
        select condition.*, organization.time_zone, organization.day_starts
        from badges_internal._verify_conditions(p_scope) as condition
        inner join badges.organizations as organization using (org_id)
        where condition.measure = 'tenure'
    ), first_days as (
        select choice.peer_mentor_id, choice.number, min(choice.activity_date) as first_day
        from badges_internal._verify_choices(p_scope, array['tenure']) as choice
        group by choice.peer_mentor_id, choice.number
    ), last_moments as (
        select
            activity.peer_mentor_id, activity.org_id, max(activity.occurred_at) as last_at
        from badges.activities as activity
        where activity.org_id in (select condition.org_id from conditions as condition)
        and badges_internal._verify_is_looked_at(p_scope, activity.peer_mentor_id)
        group by activity.peer_mentor_id, activity.org_id
    )
    select
        first.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        due.at,
        1
    from first_days as first
    inner join conditions as condition using (number)
    inner join last_moments as moment using (peer_mentor_id, org_id)
    left join badges_internal.due_people as swept
        on badges_internal._verify_is_looked_at(p_scope, swept.peer_mentor_id)
        and swept.peer_mentor_id = first.peer_mentor_id
        and swept.org_id = condition.org_id
    cross join lateral (
        select badges_internal._verify_day_begins(
            (first.first_day + condition.duration)::date, condition.time_zone, condition.day_starts
        ) as at
    ) as due
    where due.at <= greatest(moment.last_at, swept.seen_until);
end;
$$;

comment on function badges_internal._verify_tenure_crossings(badges_internal.verified_scope) is
'Tells when every condition about tenure fell due, of those that somebody has noticed.';
