-- Dates conditions on elements whose sums can fall: distinct values, and runs of calendar units.
--
-- Each element counts during the spans in which its running sum is high enough; n values, or the
-- n units of a run, must count at the same moment. p_states: conditions of one organization, stat
-- and measure.
create or replace function badges_internal._reached_by_falling_elements(
    p_states badges_internal.condition_state[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_run constant boolean := p_states[1].measure <> 'distinct';
    v_unit constant text := split_part(p_states[1].measure, '_', 1);
    v_at_least numeric;
begin
    select (defined.route).element_at_least
    into v_at_least
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_states[1].org_id
    and defined.stat = p_states[1].stat;
    return (
        with running as (
            select
                found.peer_mentor_id, found.bucket, found.element, found.occurred_at,
                sum(sum(found.element_measured)) over by_element as tally,
                lead(found.occurred_at) over by_element as next_at
            from badges_internal._selected_activities(
                array(select distinct state.peer_mentor_id from unnest(p_states) as state),
                p_states[1].org_id, p_states[1].stat, null, null, null
            ) as found
            where found.element is not null
            group by found.peer_mentor_id, found.bucket, found.element, found.occurred_at
            window by_element as (
                partition by found.peer_mentor_id, found.bucket, found.element
                order by found.occurred_at
            )
        ),
        elements as (
            select
                running.peer_mentor_id, running.bucket, running.element,
                case when v_is_run
                    then badges_internal._unit_number(v_unit, running.element::date) end as number,
                range_agg(tstzrange(running.occurred_at, running.next_at)) as held_during
            from running
            where running.tally >= v_at_least
            group by running.peer_mentor_id, running.bucket, running.element
        ),
        -- Of a run every stretch of n units is tried, of values all at once.
        stretches as (
            select
                state.peer_mentor_id, state.badge_definition_id, state.tier, state.occurrence,
                state.node,
                badges_internal._held_together(
                    array_agg(element.held_during), ceil(state.threshold)::integer
                ) as held_during
            from unnest(p_states) as state
            join elements as last_element
                on last_element.peer_mentor_id = state.peer_mentor_id
            join elements as element
                on element.peer_mentor_id = state.peer_mentor_id
                and element.bucket = last_element.bucket
                and (
                    not v_is_run
                    or element.number > last_element.number - ceil(state.threshold)
                    and element.number <= last_element.number
                )
            group by
                state.peer_mentor_id, state.badge_definition_id, state.tier, state.occurrence,
                state.node, state.threshold, last_element.bucket, last_element.element
        ),
        reached as (
            select
                peer_mentor_id, badge_definition_id, tier, occurrence, node,
                range_agg(held_during) as held_during
            from stretches
            group by peer_mentor_id, badge_definition_id, tier, occurrence, node
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
        where not isempty(reached.held_during)
    );
end;
$$;

comment on function badges_internal._reached_by_falling_elements(
    badges_internal.condition_state[]
) is
'Dates conditions on elements whose sums can fall: distinct values, and runs of calendar units.';
