-- Tells when people's present run of units was long enough and could still go on.
--
-- A run can go on until the unit begins with which more units than grace are missed since its last
-- one; those that do not exist for the streak and those that are excused are not missed. Each unit
-- is looked at once, with the run up to it; of people who are odd every moment is.
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
    with units as materialized (
        select each.*, bool_or(each.is_odd) over (partition by each.peer_mentor_id) as is_looked_at
        from badges_internal._run_units(
            p_peer_mentor_ids, p_milestone.org_id, p_milestone.stat, v_unit
        ) as each
        where not isempty(each.held_during)
    ),
    present as (
        select units.*, null::timestamptz as moment, null::timestamptz as next_moment
        from units
        where not units.is_looked_at
        union all
        select units.*, edge.moment, edge.next_moment
        from (
            select
                bound.peer_mentor_id, bound.moment,
                lead(bound.moment) over (
                    partition by bound.peer_mentor_id order by bound.moment
                ) as next_moment
            from (
                select distinct units.peer_mentor_id, edge.moment
                from units
                cross join lateral unnest(units.held_during) as span
                cross join lateral (values (lower(span)), (upper(span))) as edge (moment)
                where units.is_looked_at
                and edge.moment is not null
            ) as bound
        ) as edge
        join units
            on units.peer_mentor_id = edge.peer_mentor_id
            and units.held_during @> edge.moment
    ),
    places as (
        select
            present.*,
            present.number - count(*) filter (where not present.counts) over in_order as place,
            lead(present.number) over in_order is null as is_last
        from (
            select distinct on (present.peer_mentor_id, present.moment, present.number) present.*
            from present
            order by present.peer_mentor_id, present.moment, present.number, present.counts desc
        ) as present
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
            coalesce(runs.moment, lower(runs.held_during)) as since,
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

comment on function badges_internal._run_spans(uuid[], badges_internal.milestones) is
'Tells when people''s present run of units was long enough and could still go on.';
