-- Lists the people and badges where something holds that must not: only the moments can tell.
create or replace function badges_internal._plan_broken(
    p_states badges_internal.condition_state[],
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
begin
    return (
        with barred as (
            select milestone.org_id, milestone.badge_definition_id, milestone.node
            from unnest(p_groups) as barring
            join unnest(p_milestones) as milestone
                on milestone.org_id = barring.org_id
                and milestone.badge_definition_id = barring.badge_definition_id
                and starts_with(milestone.path, barring.path || '.')
            where barring.kind = 'none_of'
        )
        select array_agg(distinct row(
            state.peer_mentor_id, state.org_id, state.badge_definition_id, null, null
        )::badges_internal.candidate)
        from unnest(p_states) as state
        join barred using (org_id, badge_definition_id, node)
    );
end;
$$;

comment on function badges_internal._plan_broken(
    badges_internal.condition_state[], badges_internal.milestones[],
    badges_internal.condition_groups[]
) is
'Lists the people and badges where something holds that must not: only the moments can tell.';
