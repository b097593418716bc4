-- Finds the first local day of everybody that the planned tenures count from.
--
-- p_until: by the activities up to that local day, null = all.
create or replace function badges_internal._plan_first_days(
    p_milestones badges_internal.milestones[],
    p_until date
)
returns table (peer_mentor_id uuid, org_id text, stat text, first_day date)
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
    )
    select a.peer_mentor_id, defined.org_id, defined.stat, min(a.activity_date) as first_day
    from badges.activities as a
    join defined on defined.org_id = a.org_id
    where (p_until is null or a.activity_date <= p_until)
    and (defined.activity_types is null or a.activity_type = any(defined.activity_types))
    and badges_internal._is_chosen(
        (defined.route).predicate, coalesce((defined.route).needs_quantity, false),
        coalesce((defined.route).needs_calendar, false), (defined.route).clock_zone,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
    group by a.peer_mentor_id, defined.org_id, defined.stat;
end;
$$;

comment on function badges_internal._plan_first_days(badges_internal.milestones[], date) is
'Finds the first local day of everybody that the planned tenures count from.';
