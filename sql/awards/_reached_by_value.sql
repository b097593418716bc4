-- Dates conditions on count, sum and max of one stat: the first moment the running value is enough.
--
-- p_states: conditions of one organization and stat. Activities of one instant count together.
create or replace function badges_internal._reached_by_value(
    p_states badges_internal.condition_state[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with running as (
            select
                found.peer_mentor_id,
                found.bucket,
                found.occurred_at,
                found.activity_id,
                count(*) over so_far as activity_count,
                sum(found.measured) over so_far as value_sum,
                max(found.measured) over so_far as value_max
            from badges_internal._selected_activities(
                array(select distinct state.peer_mentor_id from unnest(p_states) as state),
                p_states[1].org_id, p_states[1].stat, null, null, null
            ) as found
            window so_far as (
                partition by found.peer_mentor_id, found.bucket order by found.occurred_at
            )
        ),
        stepped as (
            select
                running.*,
                lag(running.activity_count, 1, 0::bigint) over in_order as previous_count,
                lag(running.value_sum, 1, -1e31) over in_order as previous_sum,
                lag(running.value_max, 1, -1e31) over in_order as previous_max
            from running
            window in_order as (
                partition by running.peer_mentor_id, running.bucket
                order by running.occurred_at, running.activity_id desc
            )
        ),
        reached as (
            select distinct on (
                state.peer_mentor_id, state.badge_definition_id, state.tier, state.occurrence,
                state.node
            )
                state.*, stepped.occurred_at as reached_at, stepped.activity_id as deciding_id
            from unnest(p_states) as state
            join stepped
                on stepped.peer_mentor_id = state.peer_mentor_id
                and (
                    state.measure = 'count'
                    and stepped.previous_count < state.threshold
                    and stepped.activity_count >= state.threshold
                    or state.measure = 'sum'
                    and coalesce(stepped.previous_sum, -1e31) < state.threshold
                    and stepped.value_sum >= state.threshold
                    or state.measure = 'max'
                    and coalesce(stepped.previous_max, -1e31) < state.threshold
                    and stepped.value_max >= state.threshold
                )
            order by
                state.peer_mentor_id, state.badge_definition_id, state.tier, state.occurrence,
                state.node, stepped.occurred_at, stepped.activity_id desc
        )
        select array_agg(row(
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, node, parent, stat,
            measure, threshold, threshold_source, reached_at, deciding_id, true
        )::badges_internal.condition_state)
        from reached
    );
end;
$$;

comment on function badges_internal._reached_by_value(badges_internal.condition_state[]) is
'Dates conditions on count, sum and max of one stat: the first moment the running value is enough.';
