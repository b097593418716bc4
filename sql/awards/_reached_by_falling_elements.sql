-- Dates conditions on elements by looking at every moment: n of them must count at the same time.
--
-- For values and calendar units whose sums can fall, and for runs with grace or excuses whose units
-- did not begin to count, or be excused, in their own order. p_states: conditions of one
-- organization, stat and measure.
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
        with counting as (
            select
                present.*,
                present.number > v_reach + lag(present.number) over (
                    partition by present.peer_mentor_id, present.bucket, present.moment
                    order by present.number
                ) as begins_run
            from badges_internal._present_elements(
                array(select distinct state.peer_mentor_id from unnest(p_states) as state),
                p_states[1].org_id, p_states[1].stat, v_unit
            ) as present
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
            badges_internal._activity_at(
                state.peer_mentor_id, state.org_id, lower(reached.held_during)
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
