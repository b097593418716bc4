-- Tells when every condition on a run that must still live began to hold, and when it ceased to.
--
-- A run lives until the unit begins that is one too many missed. Its place among the units that
-- exist and are not excused tells how far a unit lies from the one before.
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
    with ranked as (
        select
            unit.*,
            unit.unit_number - count(*) filter (where unit.is_excused) over in_order as rank,
            lead(unit.unit_number) over in_order is null as is_last
        from badges_internal._verify_live_units(p_scope) as unit
        window in_order as (
            partition by unit.peer_mentor_id, unit.number, unit.measure, unit.seen_at
            order by unit.unit_number
        )
    ), chained as (
        select
            unit.*,
            max(case when not unit.is_excused then unit.rank end) over in_order as run_rank,
            not unit.is_excused and unit.rank > unit.grace + 1 + max(
                case when not unit.is_excused then unit.rank end
            ) over (in_order rows between unbounded preceding and 1 preceding) as is_first
        from ranked as unit
        window in_order as (
            partition by unit.peer_mentor_id, unit.number, unit.measure, unit.seen_at
            order by unit.unit_number
        )
    ), runs as (
        select
            unit.*,
            sum((unit.is_first is true)::integer) over (
                partition by unit.peer_mentor_id, unit.number, unit.measure, unit.seen_at
                order by unit.unit_number
            ) as run
        from chained as unit
    ), placed as (
        select
            unit.*,
            unit.grace + 1 - (unit.rank - unit.run_rank) as units_left,
            sum((not unit.is_excused)::integer) over (
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
    inner join badges_internal._verify_conditions(p_scope) as condition
        on condition.measure = 'live_run'
        and condition.number = unit.number
        and condition.lapse_measure = unit.measure
        and condition.threshold <= unit.length
    inner join unnest(p_scope.stats) as stat on stat.number = unit.number
    inner join badges.organizations as organization
        on organization.org_id = condition.org_id
    cross join lateral (
        select badges_internal._verify_day_begins(
            badges_internal._verify_dead_on(
                split_part(unit.measure, '_', 1), unit.first_day, unit.units_left::integer,
                stat.week_shift, stat.existing_days
            ),
            organization.time_zone, organization.day_starts
        ) as at
    ) as dead
    cross join lateral (
        values (unit.from_at, 1), (least(dead.at, unit.next_at), -1)
    ) as edge (at, change)
    where (unit.seen_at is null or unit.is_last)
    and unit.units_left > 0
    and unit.from_at < dead.at;
end;
$$;

comment on function badges_internal._verify_live_run_crossings(badges_internal.verified_scope) is
'Tells when every condition on a run that must still live began to hold, and when it ceased to.';
