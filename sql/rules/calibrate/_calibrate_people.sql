-- Counts the people of each organization by the highest number at which they would have a badge.
--
-- Infinity: they have it whatever the number p_node of the badge is. p_until, p_is_all: as in
-- _calibrate_conditions.
create or replace function badges_internal._calibrate_people(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_node integer,
    p_until date,
    p_is_all boolean
)
returns table (org_id text, value numeric, people bigint)
language plpgsql
volatile
rows 10000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_conditions constant badges_internal.milestones[] := array(
        select distinct on (milestone.org_id, milestone.node) milestone
        from unnest(p_milestones) as milestone
        order by milestone.org_id, milestone.node, milestone.threshold
    );
    v_states badges_internal.condition_state[];
    v_falling badges_internal.candidate[];
    v_wholes badges_internal.condition_state[];
begin
    select
        array_agg(row(
            measured.peer_mentor_id, measured.org_id, condition.badge_definition_id, '', 1,
            measured.node, condition.parent, condition.stat, condition.measure,
            case when measured.node = p_node then measured.value else 'infinity' end,
            'default', null, null, null
        )::badges_internal.condition_state) filter (
            where measured.node = p_node or measured.value >= condition.threshold
        ),
        array_agg(distinct row(
            measured.peer_mentor_id, measured.org_id, condition.badge_definition_id, null, null
        )::badges_internal.candidate) filter (
            -- Of what must not hold the moments decide too.
            where measured.may_fall or measured.value >= condition.threshold and exists (
                select
                from unnest(p_groups) as barring
                where barring.org_id = condition.org_id
                and barring.kind = 'none_of'
                and starts_with(condition.path, barring.path || '.')
            )
        )
    into v_states, v_falling
    from badges_internal._calibrate_conditions(
        p_document, v_conditions, p_until, p_is_all
    ) as measured
    join unnest(v_conditions) as condition
        on condition.org_id = measured.org_id
        and condition.node = measured.node;
    v_wholes := badges_internal._calibrate_groups(v_states, p_groups, p_node);
    return query
    with found as (
        select whole.org_id, whole.threshold
        from unnest(v_wholes) as whole
        left join unnest(v_falling) as falling
            on falling.peer_mentor_id = whole.peer_mentor_id
            and falling.org_id = whole.org_id
        where falling.peer_mentor_id is null
        union all
        select fell.org_id, max(dated.value)
        from (
            select falling.org_id, array_agg(falling.peer_mentor_id) as people
            from unnest(v_falling) as falling
            group by falling.org_id
        ) as fell
        cross join lateral badges_internal._calibrate_falling(
            p_document,
            array(
                select condition
                from unnest(v_conditions) as condition
                where condition.org_id = fell.org_id
            ),
            array(
                select grouped
                from unnest(p_groups) as grouped
                where grouped.org_id = fell.org_id
            ),
            p_node, fell.people, p_until
        ) as dated
        group by fell.org_id, dated.peer_mentor_id
    )
    select found.org_id, found.threshold, count(*)
    from found
    where found.threshold > 0
    group by found.org_id, found.threshold;
end;
$$;

comment on function badges_internal._calibrate_people(
    jsonb, badges_internal.milestones[], badges_internal.condition_groups[], integer, date, boolean
) is
'Counts the people of each organization by the highest number at which they would have a badge.';
