-- Dates conditions on count, sum and max of one stat: the first moment the running value is enough.
--
-- p_states: conditions of one organization and stat. Activities of one instant count together.
-- p_until: docs of _date_conditions.
create or replace function badges_internal._reached_by_value(
    p_states badges_internal.condition_state[],
    p_until date
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with selected as materialized (
            select *
            from badges_internal._parted_activities(
                array(select distinct state.peer_mentor_id from unnest(p_states) as state),
                p_states[1].org_id, p_states[1].stat, p_states, p_until
            )
        ),
        counted as (
            select
                selected.peer_mentor_id, selected.occurred_at, selected.activity_id,
                row_number() over (
                    partition by selected.peer_mentor_id, selected.bucket
                    order by selected.occurred_at, selected.activity_id
                ) as place
            from selected
            where exists (select from unnest(p_states) as state where state.measure = 'count')
        ),
        -- Activities of one instant count together, and a sum may fall.
        summed as (
            select
                selected.*,
                sum(selected.measured) over (
                    partition by selected.peer_mentor_id, selected.bucket
                    order by selected.occurred_at
                ) as value
            from selected
            where exists (select from unnest(p_states) as state where state.measure = 'sum')
        ),
        stepped as (
            select
                summed.*,
                lag(summed.value, 1, -1e31) over (
                    partition by summed.peer_mentor_id, summed.bucket
                    order by summed.occurred_at, summed.activity_id desc
                ) as previous
            from summed
        ),
        -- Parts of composed badges must hold together: when each sum that fell was high enough.
        spans as (
            select
                state.peer_mentor_id, state.badge_definition_id, state.node,
                range_agg(tstzrange(instant.occurred_at, instant.next_at)) as held_during
            from (
                select
                    summed.peer_mentor_id, summed.bucket, summed.occurred_at, summed.value,
                    lead(summed.occurred_at) over (
                        partition by summed.peer_mentor_id, summed.bucket
                        order by summed.occurred_at
                    ) as next_at
                from summed
                group by
                    summed.peer_mentor_id, summed.bucket, summed.occurred_at, summed.value
            ) as instant
            join unnest(p_states) as state
                on state.peer_mentor_id = instant.peer_mentor_id
                and state.parent is not null
                and state.measure = 'sum'
                and state.threshold <= instant.value
            where exists (select from selected where selected.measured < 0)
            group by state.peer_mentor_id, state.badge_definition_id, state.node
        ),
        moments as (
            select state.*, counted.occurred_at as reached_at, counted.activity_id as deciding_id
            from unnest(p_states) as state
            join counted
                on counted.peer_mentor_id = state.peer_mentor_id
                and counted.place = ceil(state.threshold)::bigint
            where state.measure = 'count'
            union all
            select state.*, stepped.occurred_at, stepped.activity_id
            from unnest(p_states) as state
            join stepped
                on stepped.peer_mentor_id = state.peer_mentor_id
                and stepped.value >= state.threshold
                and coalesce(stepped.previous, -1e31) < state.threshold
            where state.measure = 'sum'
            union all
            select state.*, selected.occurred_at, selected.activity_id
            from unnest(p_states) as state
            join selected
                on selected.peer_mentor_id = state.peer_mentor_id
                and selected.measured >= state.threshold
            where state.measure = 'max'
        ),
        reached as (
            select distinct on (
                peer_mentor_id, badge_definition_id, tier, occurrence, node
            ) *
            from moments
            order by
                peer_mentor_id, badge_definition_id, tier, occurrence, node, reached_at,
                deciding_id desc
        )
        select array_agg(row(
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, node, parent, stat,
            measure, threshold, threshold_source, reached_at, deciding_id, spans.held_during
        )::badges_internal.condition_state)
        from reached
        left join spans using (peer_mentor_id, badge_definition_id, node)
    );
end;
$$;

comment on function badges_internal._reached_by_value(badges_internal.condition_state[], date) is
'Dates conditions on count, sum and max of one stat: the first moment the running value is enough.';
