-- Tells when people's present run of units was long enough and could still go on.
--
-- A run can go on until the unit begins with which more units than grace are missed since its last
-- one; those that do not exist for the streak and those that are excused are not missed. Each unit
-- of _present_units is looked at with the run up to it.
create or replace function badges_internal._run_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones,
    p_from timestamptz
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
    with present as (
        select *
        from badges_internal._present_units(
            p_peer_mentor_ids, p_milestone.org_id, p_milestone.stat, v_unit,
            -- A run of that length cannot have begun before.
            (p_from at time zone 'UTC')::date - 2 - badges_internal._reach_of(p_milestone)
        )
    ),
    places as (
        select
            present.*,
            present.number - count(*) filter (where not present.counts) over in_order as place,
            lead(present.number) over in_order is null as is_last
        from present
        window in_order as (
            partition by present.peer_mentor_id, present.moment order by present.number
        )
    ),
    marked as (
        select
            places.*,
            case when places.counts then places.place end as own_place,
            places.counts and places.place > v_reach + max(places.place) filter (
                where places.counts
            ) over (in_order rows between unbounded preceding and 1 preceding) as begins_run
        from places
        window in_order as (
            partition by places.peer_mentor_id, places.moment order by places.number
        )
    ),
    runs as (
        select
            marked.*,
            count(*) filter (where marked.begins_run) over in_order as run,
            max(marked.own_place) over in_order as last_place
        from marked
        window in_order as (
            partition by marked.peer_mentor_id, marked.moment order by marked.number
        )
    ),
    lengths as (
        select
            runs.peer_mentor_id, runs.moment, runs.next_moment, runs.is_last,
            runs.since,
            (v_reach - (runs.place - runs.last_place))::integer as left_to_miss,
            runs.first_day,
            count(*) filter (where runs.counts) over (
                partition by runs.peer_mentor_id, runs.moment, runs.run order by runs.number
            ) as length
        from runs
    )
    select lengths.peer_mentor_id, range_agg(tstzrange(lengths.since, end_of.moment))
    from lengths
    join badges.organizations as organization on organization.org_id = p_milestone.org_id
    cross join lateral (
        select least(lengths.next_moment, badges_internal._day_begins(
            badges_internal._dies_on(
                v_unit, lengths.first_day, lengths.left_to_miss, v_route.unit_calendar
            ),
            organization.time_zone, organization.day_starts
        )) as moment
    ) as end_of
    where (lengths.is_last or lengths.moment is null)
    and lengths.length >= p_milestone.threshold
    and lengths.left_to_miss > 0
    and lengths.since < end_of.moment
    group by lengths.peer_mentor_id;
end;
$$;

comment on function badges_internal._run_spans(uuid[], badges_internal.milestones, timestamptz) is
'Tells when people''s present run of units was long enough and could still go on.';
