-- Lists what holds now of one badge that lapses, conditions and groups, each since when.
--
-- held_during: the time around p_as_of at which it does, if nothing happens any more.
create or replace function badges_internal._present_conditions(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_as_of date
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_moment constant timestamptz := badges_internal._moment_for(p_org_id, p_as_of);
begin
    return array(
        select row(
            state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
            state.occurrence, state.node, state.parent, state.stat, state.measure,
            state.threshold, state.threshold_source, lower(span),
            badges_internal._activity_at(p_peer_mentor_id, p_org_id, lower(span)),
            tstzmultirange(span)
        )::badges_internal.condition_state
        from unnest(badges_internal._lapse_spans(
            array[p_peer_mentor_id],
            array(
                select milestone
                from badges_internal.milestones as milestone
                where milestone.org_id = p_org_id
                and milestone.badge_definition_id = p_badge_definition_id
            ),
            array(
                select grouped
                from badges_internal.condition_groups as grouped
                where grouped.org_id = p_org_id
                and grouped.badge_definition_id = p_badge_definition_id
            ),
            true
        )) as state
        cross join lateral unnest(state.held_during) as span
        where span @> v_moment
    );
end;
$$;

comment on function badges_internal._present_conditions(uuid, text, text, date) is
'Lists what holds now of one badge that lapses, conditions and groups, each since when.';
