-- Finds the highest number at which people of whom some value fell would have a badge.
--
-- Their moments decide, so the engine dates the badge for a number of each person, and then for a
-- higher or a lower one, halving what is left. p_milestones, p_groups: of one badge in one
-- organization, each condition once. Others as in _calibrate_people. The highest row of a person
-- counts.
create or replace function badges_internal._calibrate_falling(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_node integer,
    p_people uuid[],
    p_until date
)
returns table (peer_mentor_id uuid, value numeric)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_milestone badges_internal.milestones;
    v_states badges_internal.condition_state[];
    v_fixed badges_internal.condition_state[] := '{}'; -- all conditions but the one asked for
    v_steps badges_internal.condition_state[] := '{}';
    v_reached badges_internal.condition_state[] := '{}'; -- the highest steps known to be enough
    v_holders uuid[];
    v_stride integer;
begin
    foreach v_milestone in array p_milestones loop
        if v_milestone.node = p_node or v_milestone.measure in ('tenure', 'badges') then
            v_states := badges_internal._calibrate_steps(
                p_document, v_milestone, p_people, p_until
            );
        else
            v_states := badges_internal._date_conditions(array(
                select row(
                    person.id, v_milestone.org_id, v_milestone.badge_definition_id, '', 1,
                    v_milestone.node, v_milestone.parent, v_milestone.stat, v_milestone.measure,
                    v_milestone.threshold, 'default', null, null, null
                )::badges_internal.condition_state
                from unnest(p_people) as person (id)
            ));
        end if;
        if v_milestone.node = p_node then
            v_steps := v_states;
        else
            v_fixed := v_fixed || array(
                select state
                from unnest(v_states) as state
                where state.threshold = case
                    when v_milestone.measure in ('tenure', 'badges')
                        then ceil(v_milestone.threshold)
                    else v_milestone.threshold
                end
            );
        end if;
    end loop;
    -- Of an n_of each number of its parts is tried.
    for v_stride in 1 .. (
        select count(*)
        from (
            select milestone.parent from unnest(p_milestones) as milestone
            union all
            select grouped.parent from unnest(p_groups) as grouped
        ) as part
        where part.parent = p_node
    ) loop
        v_holders := badges_internal._calibrate_holders(v_fixed, array(
            select row(
                grouped.org_id, grouped.badge_definition_id, grouped.node, grouped.parent,
                grouped.depth, grouped.kind,
                case when grouped.node = p_node then v_stride else grouped.required end,
                grouped.path
            )::badges_internal.condition_groups
            from unnest(p_groups) as grouped
        ), p_until);
        return query select person.id, v_stride::numeric from unnest(v_holders) as person (id);
    end loop;
    if not exists (
        select from unnest(p_milestones) as milestone where milestone.node = p_node
    ) then
        return;
    end if;
    v_holders := badges_internal._calibrate_holders(v_fixed, p_groups, p_until);
    return query select person.id, 'infinity'::numeric from unnest(v_holders) as person (id);
    v_steps := array(
        select step from unnest(v_steps) as step where step.peer_mentor_id <> all (v_holders)
    );
    v_stride := 2 ^ floor(log(2, (select max(step.occurrence) from unnest(v_steps) as step)));
    while v_stride > 0 loop
        v_states := array(
            select step
            from unnest(v_steps) as step
            left join unnest(v_reached) as reached
                on reached.peer_mentor_id = step.peer_mentor_id
            where step.occurrence = coalesce(reached.occurrence, 0) + v_stride
        );
        v_holders := badges_internal._calibrate_holders(v_fixed || v_states, p_groups, p_until);
        v_reached := array(
            select reached
            from unnest(v_reached) as reached
            where reached.peer_mentor_id <> all (v_holders)
            union all
            select state
            from unnest(v_states) as state
            where state.peer_mentor_id = any(v_holders)
        );
        v_stride := v_stride / 2;
    end loop;
    return query
    select reached.peer_mentor_id, reached.threshold
    from unnest(v_reached) as reached;
end;
$$;

comment on function badges_internal._calibrate_falling(
    jsonb, badges_internal.milestones[], badges_internal.condition_groups[], integer, uuid[], date
) is
'Finds the highest number at which people of whom some value fell would have a badge.';
