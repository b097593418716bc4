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
    with units as (
        select
            each.*,
            badges_internal._missed_units(
                p_unit, min(each.first_day) over (partition by each.peer_mentor_id),
                each.first_day, v_route.unit_calendar
            ) as number
        from (
            select held.peer_mentor_id, held.element::date, true, held.held_during
            from badges_internal._held_elements(p_peer_mentor_ids, p_org_id, p_stat) as held
            where not v_is_plain
            union all
            select
                excused.peer_mentor_id, excused.element::date, false,
                tstzmultirange(tstzrange(excused.excused_at, null))
            from badges_internal._excused_elements(p_peer_mentor_ids, p_org_id, v_route) as excused
            union all
            select
                active.peer_mentor_id, badges_internal._unit_start(p_unit, active.activity_date),
                true, tstzmultirange(tstzrange(min(active.occurred_at), null))
            from badges_internal._selected_activities(
                p_peer_mentor_ids, p_org_id, p_stat, null, p_from, null
            ) as active
            where v_is_plain
            group by 1, 2
        ) as each (peer_mentor_id, first_day, counts, held_during)
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
