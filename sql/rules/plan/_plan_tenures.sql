-- Tells for whom planned tenures have fallen due, and when.
--
-- Due at local midnight of the day so long after the first activity that the rule chooses, and seen
-- once the person's last activity, or the last sweep, is not before it.
create or replace function badges_internal._plan_tenures(
    p_milestones badges_internal.milestones[]
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
rows 10000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
#variable_conflict use_column
begin
    if not exists (
        select from unnest(p_milestones) as milestone where milestone.measure = 'tenure'
    ) then
        return;
    end if;
    return query
    with defined as materialized (
        select
            asked.org_id, asked.stat,
            case
                when starts_with(asked.stat, '=') then array[substr(asked.stat, 2)]
                else (planned.definition).activity_types
            end as activity_types,
            (planned.definition).route
        from (
            select distinct milestone.org_id, milestone.stat
            from unnest(p_milestones) as milestone
            where milestone.measure = 'tenure'
        ) as asked
        cross join lateral (
            select badges_internal._stat_definition(asked.org_id, asked.stat) as definition
        ) as planned
    ),
    begun as (
        select a.peer_mentor_id, defined.org_id, defined.stat, min(a.activity_date) as first_day
        from badges.activities as a
        join defined on defined.org_id = a.org_id
        where (defined.activity_types is null or a.activity_type = any(defined.activity_types))
        and badges_internal._is_chosen(
            (defined.route).predicate, coalesce((defined.route).needs_quantity, false),
            coalesce((defined.route).needs_calendar, false), (defined.route).clock_zone,
            a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
        group by a.peer_mentor_id, defined.org_id, defined.stat
    )
    select
        begun.peer_mentor_id, milestone.org_id, milestone.badge_definition_id, milestone.node,
        due.moment
    from begun
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
        select (begun.first_day + milestone.duration) at time zone organization.time_zone
    ) as due (moment)
    where due.moment <= greatest(base.last_at, seen.seen_until);
end;
$$;

comment on function badges_internal._plan_tenures(badges_internal.milestones[]) is
'Tells for whom planned tenures have fallen due, and when.';
