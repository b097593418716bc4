-- Dates conditions on elements by looking at every moment: n of them must count at the same time.
--
-- For values and calendar units whose sums can fall, and for runs with grace or excuses whose units
-- did not begin to count, or be excused, in their own order. An excused unit that does not count is
-- left out of the numbers. p_states: conditions of one organization, stat and measure.
create or replace function badges_internal._reached_by_falling_elements(
    p_states badges_internal.condition_state[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text := badges_internal._unit_in(
        p_states[1].org_id, nullif(split_part(p_states[1].measure, '_', 1), 'distinct')
    );
    -- How far apart two neighbours of a run may lie.
    v_reach constant integer := 1 + coalesce((
        badges_internal._stat_definition(p_states[1].org_id, p_states[1].stat)
    ).route.grace, 0);
begin
    return (
        with elements as materialized (
            select *
            from badges_internal._numbered_elements(
                array(select distinct state.peer_mentor_id from unnest(p_states) as state),
                p_states[1].org_id, p_states[1].stat, v_unit
            )
        ),
        moments as (
            select
                edge.*,
                lead(edge.moment) over (
                    partition by edge.peer_mentor_id, edge.bucket order by edge.moment
                ) as next_moment
            from (
                select elements.peer_mentor_id, elements.bucket, lower(span) as moment
                from elements
                cross join lateral unnest(elements.held_during) as span
                union
                select elements.peer_mentor_id, elements.bucket, upper(span)
                from elements
                cross join lateral unnest(elements.held_during) as span
                where not upper_inf(span)
            ) as edge
        ),
        present as (
            select
                moments.peer_mentor_id, moments.bucket, moments.moment, moments.next_moment,
                elements.element, elements.number, bool_or(elements.counts) as counts
            from moments
            join elements
                on elements.peer_mentor_id = moments.peer_mentor_id
                and elements.bucket = moments.bucket
                and elements.held_during @> moments.moment
            group by
                moments.peer_mentor_id, moments.bucket, moments.moment, moments.next_moment,
                elements.element, elements.number
        ),
        numbered as (
            select
                present.*,
                present.number - count(*) filter (where not present.counts) over (
                    partition by present.peer_mentor_id, present.bucket, present.moment
                    order by present.number
                ) as place
            from present
        ),
        counting as (
            select
                numbered.*,
                numbered.place > v_reach + lag(numbered.place) over (
                    partition by numbered.peer_mentor_id, numbered.bucket, numbered.moment
                    order by numbered.number
                ) as begins_run
            from numbered
            where numbered.counts
        ),
        islands as (
            select
                peer_mentor_id, bucket, moment, next_moment,
                -- Values have no numbers: all of them are one sequence.
                count(*) filter (where begins_run) over (
                    partition by peer_mentor_id, bucket, moment order by number
                ) as island
            from counting
        ),
        lengths as (
            select peer_mentor_id, bucket, moment, next_moment, count(*) as length
            from islands
            group by peer_mentor_id, bucket, moment, next_moment, island
        ),
        reached as (
            select
                state.peer_mentor_id, state.badge_definition_id, state.tier, state.occurrence,
                state.node, range_agg(tstzrange(lengths.moment, lengths.next_moment))
                    as held_during
            from unnest(p_states) as state
            join lengths
                on lengths.peer_mentor_id = state.peer_mentor_id
                and lengths.length >= state.threshold
            group by
                state.peer_mentor_id, state.badge_definition_id, state.tier, state.occurrence,
                state.node
        )
        select array_agg(row(
            state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
            state.occurrence, state.node, state.parent, state.stat, state.measure,
            state.threshold, state.threshold_source, lower(reached.held_during),
            (
                select max(activity.activity_id)
                from badges.activities as activity
                where activity.peer_mentor_id = state.peer_mentor_id
                and activity.org_id = state.org_id
                and activity.occurred_at = lower(reached.held_during)
            ),
            reached.held_during
        )::badges_internal.condition_state)
        from unnest(p_states) as state
        join reached using (peer_mentor_id, badge_definition_id, tier, occurrence, node)
    );
end;
$$;

comment on function badges_internal._reached_by_falling_elements(
    badges_internal.condition_state[]
) is
'Dates conditions on elements by looking at every moment: n of them must count at the same time.';
