-- Tells when badges that lapse were held by people and will be, if nothing happens any more.
--
-- p_milestones, p_groups: the conditions and groups of badges of one organization, saved or not. A
-- pure function of the activities, and of awards where badges are counted. Gives a state a person,
-- badge and tier that is held at some time, with held_during; with p_is_whole the parts' too.
-- p_known: of conditions that are not among p_milestones, when they held. p_from: the times are
-- right from then on, null = all; what was before may not have been read.
create or replace function badges_internal._lapse_spans(
    p_peer_mentor_ids uuid[],
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_is_whole boolean default false,
    p_known badges_internal.condition_state[] default '{}',
    p_from timestamptz default null
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_milestone badges_internal.milestones;
    v_states badges_internal.condition_state[] := p_known;
begin
    foreach v_milestone in array coalesce(p_milestones, '{}') loop
        v_states := v_states || array(
            select row(
                held.peer_mentor_id, v_milestone.org_id, v_milestone.badge_definition_id,
                v_milestone.tier, v_milestone.occurrence, v_milestone.node, v_milestone.parent,
                v_milestone.stat, v_milestone.lapse_measure, v_milestone.threshold,
                v_milestone.threshold_source, null, null, held.held_during
            )::badges_internal.condition_state
            from badges_internal._condition_spans(
                p_peer_mentor_ids, v_milestone, p_from
            ) as held
            where not isempty(held.held_during)
        );
    end loop;
    return array(
        select state
        from unnest(badges_internal._decide_groups(v_states, p_groups)) as state
        where state.parent is null or p_is_whole
    );
end;
$$;

comment on function badges_internal._lapse_spans(
    uuid[], badges_internal.milestones[], badges_internal.condition_groups[], boolean,
    badges_internal.condition_state[], timestamptz
) is
'Tells when badges that lapse were held by people and will be, if nothing happens any more.';
