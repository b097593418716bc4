-- Lists the units of people's streaks, those that counted and those that were excused, and when.
--
-- A unit still to come counts from its beginning. One that counted in time was not excused. A
-- person is odd where units did not count, or were not excused, in their own order and for good.
-- p_from: plain units before that day are not read; null = all.
create or replace function badges_internal._run_units(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_unit text,
    p_from date
)
returns table (
    peer_mentor_id uuid,
    first_day date,
    number integer, -- of those that exist
    counts boolean,
    held_during tstzmultirange,
    is_odd boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_org_id, p_stat)).route;
    v_is_plain constant boolean := v_route.element_at_least is null
        and v_route.excuse_types is null and v_route.unit_calendar is null;
begin
    return query
    with units (peer_mentor_id, first_day, number, counts, held_during) as (
        select
            each.peer_mentor_id, each.element::date, each.number, each.counts, each.held_during
        from badges_internal._numbered_elements(
            p_peer_mentor_ids, p_org_id, p_stat, p_unit
        ) as each
        where not v_is_plain
        union all
        select
            active.peer_mentor_id, day.first_day,
            badges_internal._unit_number(p_unit, day.first_day), true,
            tstzmultirange(tstzrange(min(active.occurred_at), null))
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null, p_from, null
        ) as active
        cross join lateral (
            select badges_internal._unit_start(p_unit, active.activity_date) as first_day
        ) as day
        where v_is_plain
        group by active.peer_mentor_id, day.first_day
    ),
    timed as (
        select
            units.*,
            units.held_during * tstzmultirange(tstzrange(day.begins, null)) as present,
            min(lower(units.held_during)) filter (where units.counts) over (
                partition by units.peer_mentor_id, units.first_day
            ) as counted_at,
            badges_internal._day_begins(
                badges_internal._unit_day(
                    p_unit, badges_internal._unit_number(p_unit, units.first_day) + 1
                ),
                organization.time_zone, organization.day_starts
            ) as ends_at
        from units
        join badges.organizations as organization on organization.org_id = p_org_id
        cross join lateral (
            select badges_internal._day_begins(
                units.first_day, organization.time_zone, organization.day_starts
            ) as begins
        ) as day
    )
    select
        timed.peer_mentor_id, timed.first_day, timed.number, timed.counts, timed.present,
        timed.held_during <> tstzmultirange(tstzrange(lower(timed.held_during), null))
        or not timed.counts and timed.counted_at >= timed.ends_at
        or coalesce(lower(timed.present) < max(lower(timed.present)) over (
            partition by timed.peer_mentor_id
            order by timed.first_day, timed.counts desc
            rows between unbounded preceding and 1 preceding
        ), false)
    from timed
    where timed.counts
    or timed.counted_at is null
    or timed.counted_at >= timed.ends_at;
end;
$$;

comment on function badges_internal._run_units(uuid[], text, text, text, date) is
'Lists the units of people''s streaks, those that counted and those that were excused, and when.';
