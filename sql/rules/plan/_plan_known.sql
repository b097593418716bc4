-- Tells since when conditions of badges that lapse and count badges would hold.
--
-- p_asked: conditions of badges that lapse; p_given, p_taken: awards that would be made and taken.
create or replace function badges_internal._plan_known(
    p_document jsonb,
    p_asked badges_internal.milestones[],
    p_badges text[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_counting constant badges_internal.milestones[] := array(
        select jsonb_populate_record(milestone, '{"measure": "badges"}')
        from unnest(p_asked) as milestone
        where milestone.lapse_measure = 'badges'
    );
begin
    if v_counting = '{}' then
        return '{}';
    end if;
    return array(
        select row(
            counted.peer_mentor_id, counted.org_id, counted.badge_definition_id, counted.tier,
            counted.occurrence, counted.node, counted.parent, null, 'badges', counted.threshold,
            counted.threshold_source, null, null,
            tstzmultirange(tstzrange(counted.moments[ceil(counted.threshold)::integer], null))
        )::badges_internal.condition_state
        from badges_internal._plan_counts(
            p_document, v_counting, p_badges, p_given, p_taken
        ) as counted
        where counted.value >= counted.threshold
    );
end;
$$;

comment on function badges_internal._plan_known(
    jsonb, badges_internal.milestones[], text[], badges_internal.dated_award[],
    badges_internal.dated_award[]
) is
'Tells since when conditions of badges that lapse and count badges would hold.';
