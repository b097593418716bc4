-- Tells when every condition on a run that must still live began to hold, and when it ceased to.
--
-- A run lives until the unit begins that is one too many missed. Where units count in their own
-- order and for good, each one's place in its run says all; else the units that count are looked at
-- whenever one begins or ceases to.
create or replace function badges_internal._verify_live_run_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from unnest(p_scope.stats) as stat where stat.measures && array['live_run']
    ) then
        return;
    end if;
    return query
    with conditions as materialized (
        select condition.*, organization.time_zone, organization.day_starts
        from badges_internal._verify_conditions(p_scope) as condition
        inner join badges.organizations as organization using (org_id)
        where condition.measure = 'live_run'
    ), asked as (
        select distinct
            condition.number, condition.lapse_measure, condition.time_zone, condition.day_starts
        from conditions as condition
    ), units as materialized (
        select
            unit.peer_mentor_id, unit.number, unit.measure, unit.grace, unit.unit_number,
            unit.until_at,
            greatest(unit.from_at, badges_internal._verify_day_begins(
                badges_internal._verify_unit_day(unit.measure, unit.unit_number),
                asked.time_zone, asked.day_starts
            )) as from_at,
            badges_internal._verify_day_begins(
                badges_internal._verify_unit_day(unit.measure, unit.unit_number + unit.grace + 2),
                asked.time_zone, asked.day_starts
            ) as dead_at,
            bool_or(
                unit.until_at is not null or coalesce(unit.from_at < unit.before_at, false)
            ) over (partition by unit.peer_mentor_id, unit.number, unit.measure) as is_unruly
        from (
            select
                each.*,
                lag(each.from_at) over (
                    partition by each.peer_mentor_id, each.number, each.measure
                    order by each.unit_number
                ) as before_at
            from badges_internal._verify_units(p_scope) as each
        ) as unit
        inner join asked
            on asked.number = unit.number
            and asked.lapse_measure = unit.measure
    ), moments as (
        select unit.peer_mentor_id, unit.number, unit.measure, edge.at
        from units as unit
        cross join lateral (values (unit.from_at), (unit.until_at)) as edge (at)
        where unit.is_unruly
        and edge.at is not null
        group by 1, 2, 3, 4
    ), counting as (
        select
            unit.peer_mentor_id, unit.number, unit.measure, unit.unit_number, unit.grace,
            unit.from_at, unit.dead_at, null::timestamptz as seen_at, null::timestamptz as next_at
        from units as unit
        where not unit.is_unruly
        union all
        select
            unit.peer_mentor_id, unit.number, unit.measure, unit.unit_number, unit.grace,
            seen.at, unit.dead_at, seen.at, seen.next_at
        from (
            select
                moment.*,
                lead(moment.at) over (
                    partition by moment.peer_mentor_id, moment.number, moment.measure
                    order by moment.at
                ) as next_at
            from moments as moment
        ) as seen
        inner join units as unit using (peer_mentor_id, number, measure)
        where unit.from_at <= seen.at
        and (unit.until_at is null or unit.until_at > seen.at)
    ), runs as (
        select
            counted.*,
            sum(counted.is_first::integer) over in_order as run,
            lead(counted.unit_number) over in_order is null as is_last
        from (
            select
                each.*,
                each.unit_number > each.grace + 1 + coalesce(
                    lag(each.unit_number) over in_order, -1000000
                ) as is_first
            from counting as each
            window in_order as (
                partition by each.peer_mentor_id, each.number, each.measure, each.seen_at
                order by each.unit_number
            )
        ) as counted
        window in_order as (
            partition by
                counted.peer_mentor_id, counted.number, counted.measure, counted.seen_at
            order by counted.unit_number
        )
    ), placed as (
        select
            unit.*,
            count(*) over (
                partition by
                    unit.peer_mentor_id, unit.number, unit.measure, unit.seen_at, unit.run
                order by unit.unit_number
            ) as length
        from runs as unit
    )
    select
        unit.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        edge.at,
        edge.change
    from placed as unit
    inner join conditions as condition
        on condition.number = unit.number
        and condition.lapse_measure = unit.measure
        and condition.threshold <= unit.length
    cross join lateral (
        values (unit.from_at, 1), (least(unit.dead_at, unit.next_at), -1)
    ) as edge (at, change)
    where (unit.seen_at is null or unit.is_last)
    and unit.from_at < unit.dead_at;
end;
$$;

comment on function badges_internal._verify_live_run_crossings(badges_internal.verified_scope) is
'Tells when every condition on a run that must still live began to hold, and when it ceased to.';
