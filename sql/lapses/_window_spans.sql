-- Tells when what people did on the last so many local days, each day's own, was enough.
--
-- An activity is in the window from its moment, but not before its day begins, until the day begins
-- that lies so many days after its own. The best value of per counts. p_from: as _lapse_spans; what
-- has left the window by then is not read.
create or replace function badges_internal._window_spans(
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
    v_measure constant text := p_milestone.lapse_measure;
begin
    return query
    with readings as materialized (
        select
            found.peer_mentor_id, found.bucket,
            case
                when v_measure = 'active_days' then found.activity_date::text
                when v_measure = 'distinct' then found.element
            end as element,
            case when v_measure = 'sum' then found.measured else 1 end as weight,
            tstzmultirange(tstzrange(entry.moment, greatest(entry.moment, day.ends))) as present
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_milestone.org_id, p_milestone.stat, null,
            (p_from at time zone 'UTC')::date - p_milestone.last_days - 2, null
        ) as found
        join badges.organizations as organization on organization.org_id = p_milestone.org_id
        cross join lateral (
            select
                badges_internal._day_begins(
                    found.activity_date, organization.time_zone, organization.day_starts
                ) as begins,
                badges_internal._day_begins(
                    found.activity_date + p_milestone.last_days, organization.time_zone,
                    organization.day_starts
                ) as ends
        ) as day
        cross join lateral (
            select greatest(found.occurred_at, day.begins) as moment
        ) as entry
        where case v_measure
            when 'sum' then found.measured is not null
            when 'max' then found.measured >= p_milestone.threshold
            when 'distinct' then found.element is not null
            else true
        end
    ),
    counted as (
        select readings.peer_mentor_id, readings.bucket, readings.present, readings.weight
        from readings
        where readings.element is null
        union all
        select
            readings.peer_mentor_id, readings.bucket, range_agg(readings.present), 1
        from readings
        where readings.element is not null
        group by readings.peer_mentor_id, readings.bucket, readings.element
    ),
    edges as (
        select
            counted.peer_mentor_id, counted.bucket, edge.moment, sum(edge.step) as step
        from counted
        cross join lateral unnest(counted.present) as span
        cross join lateral (
            values (lower(span), counted.weight), (upper(span), -counted.weight)
        ) as edge (moment, step)
        group by counted.peer_mentor_id, counted.bucket, edge.moment
    ),
    weighed as (
        select
            edges.peer_mentor_id, edges.moment, lead(edges.moment) over by_moment as next_moment,
            sum(edges.step) over by_moment as weight
        from edges
        window by_moment as (
            partition by edges.peer_mentor_id, edges.bucket order by edges.moment
        )
    )
    select
        weighed.peer_mentor_id,
        range_agg(tstzrange(weighed.moment, weighed.next_moment))
    from weighed
    where weighed.weight >= case when v_measure = 'max' then 1 else p_milestone.threshold end
    group by weighed.peer_mentor_id;
end;
$$;

comment on function badges_internal._window_spans(
    uuid[], badges_internal.milestones, timestamptz
) is
'Tells when what people did on the last so many local days, each day''s own, was enough.';
