-- Tells when people's present run of units was long enough and could still go on.
--
-- A run can go on until the unit begins with which more units than grace are missed since its last
-- one. Where units counted in their own order each is looked at once, with the run up to it; else
-- (own days, sums that fell) every moment is.
create or replace function badges_internal._run_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones
)
returns table (peer_mentor_id uuid, held_during tstzmultirange)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text := badges_internal._unit_in(
        p_milestone.org_id, split_part(p_milestone.lapse_measure, '_', 1)
    );
    v_route constant badges_internal.stat_route := (
        badges_internal._stat_definition(p_milestone.org_id, p_milestone.stat)
    ).route;
    v_reach constant integer := 1 + coalesce(v_route.grace, 0); -- how far neighbours may lie apart
begin
    return query
    with counted as (
        select held.peer_mentor_id, held.element::date as first_day, held.held_during
        from badges_internal._held_elements(
            p_peer_mentor_ids, p_milestone.org_id, p_milestone.stat
        ) as held
        where v_route.element_unit is not null
        union all
        select
            held.peer_mentor_id, held.element::date,
            tstzmultirange(tstzrange(held.counted_at, null))
        from badges_internal._qualified_elements(
            p_peer_mentor_ids, p_milestone.org_id, p_milestone.stat, v_unit, null
        ) as held
        where v_route.element_unit is null
    ),
    units as materialized (
        select
            counted.peer_mentor_id, counted.first_day,
            -- A unit still to come counts from its beginning.
            counted.held_during * tstzmultirange(tstzrange(unit.begins, null)) as held_during,
            unit.dies_at,
            lower(counted.held_during) < lag(lower(counted.held_during)) over (
                partition by counted.peer_mentor_id order by counted.first_day
            )
            or not upper_inf(counted.held_during) as is_odd
        from counted
        join badges.organizations as organization on organization.org_id = p_milestone.org_id
        cross join lateral (
            select
                badges_internal._day_begins(
                    counted.first_day, organization.time_zone, organization.day_starts
                ) as begins,
                badges_internal._day_begins(
                    case
                        when v_route.unit_calendar is not null
                            then badges_internal._alive_until(v_route, counted.first_day, null) + 1
                        else badges_internal._unit_day(
                            v_unit,
                            badges_internal._unit_number(v_unit, counted.first_day) + v_reach + 1
                        )
                    end,
                    organization.time_zone, organization.day_starts
                ) as dies_at
        ) as unit
    ),
    odd as materialized (
        select distinct units.peer_mentor_id
        from units
        where units.is_odd
    ),
    -- Of everybody else one moment a unit: when it counted. Of the odd ones every change.
    moments as (
        select units.peer_mentor_id, null::timestamptz as moment, null::timestamptz as next_moment
        from units
        where units.peer_mentor_id not in (select odd.peer_mentor_id from odd)
        group by units.peer_mentor_id
        union all
        select
            edge.peer_mentor_id, edge.moment,
            lead(edge.moment) over (partition by edge.peer_mentor_id order by edge.moment)
        from (
            select units.peer_mentor_id, bound.moment
            from units
            join odd on odd.peer_mentor_id = units.peer_mentor_id
            cross join lateral unnest(units.held_during) as span
            cross join lateral (values (lower(span)), (upper(span))) as bound (moment)
            where bound.moment is not null
            group by units.peer_mentor_id, bound.moment
        ) as edge
    ),
    counting as (
        select
            units.*, moments.moment, moments.next_moment,
            badges_internal._missed_units(
                v_unit, lag(units.first_day) over in_order, units.first_day, v_route.unit_calendar
            ) >= v_reach as begins_run,
            moments.moment is null or lead(units.first_day) over in_order is null as is_last
        from moments
        join units
            on units.peer_mentor_id = moments.peer_mentor_id
            and (moments.moment is null or units.held_during @> moments.moment)
        window in_order as (
            partition by moments.peer_mentor_id, moments.moment order by units.first_day
        )
    ),
    islands as (
        select
            counting.*,
            count(*) filter (where counting.begins_run) over (
                partition by counting.peer_mentor_id, counting.moment order by counting.first_day
            ) as island
        from counting
    ),
    placed as (
        select
            islands.*,
            row_number() over (
                partition by islands.peer_mentor_id, islands.moment, islands.island
                order by islands.first_day
            ) as length
        from islands
    )
    select
        placed.peer_mentor_id,
        range_agg(tstzrange(alive.since, least(placed.next_moment, placed.dies_at)))
    from placed
    cross join lateral (
        select coalesce(placed.moment, lower(placed.held_during)) as since
    ) as alive
    where placed.is_last
    and placed.length >= p_milestone.threshold
    and alive.since < placed.dies_at
    group by placed.peer_mentor_id;
end;
$$;

comment on function badges_internal._run_spans(uuid[], badges_internal.milestones) is
'Tells when people''s present run of units was long enough and could still go on.';
