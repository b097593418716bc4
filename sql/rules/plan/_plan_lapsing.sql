-- Gives the awards that planned badges that lapse come to now: who would hold them.
--
-- p_badges: the badges to look at; p_given, p_taken: awards that would be made and taken before;
-- p_as_of: the moment, but nobody's before their own last activity or sweep. Looks at everybody
-- with activities or awards there, and not at what was before: since when is not exact.
create or replace function badges_internal._plan_lapsing(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_badges text[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[],
    p_as_of timestamptz
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_asked constant badges_internal.milestones[] := array(
        select milestone
        from unnest(p_milestones) as milestone
        where milestone.measure = 'lapse'
        and milestone.badge_definition_id = any(p_badges)
    );
    v_known constant badges_internal.condition_state[] := badges_internal._plan_known(
        p_document, v_asked, p_badges, p_given, p_taken
    );
    v_awards badges_internal.dated_award[] := '{}';
    v_org_id text;
    v_people uuid[];
begin
    for v_org_id in select distinct milestone.org_id from unnest(v_asked) as milestone loop
        v_people := array(
            select base.peer_mentor_id
            from badges.peer_mentor_stats as base
            where base.org_id = v_org_id
            and base.rule_set_version is not null
            union
            select earned.peer_mentor_id
            from badges.earned_badges as earned
            where earned.org_id = v_org_id
        );
        v_awards := v_awards || array(
            select row(
                state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
                state.occurrence, lower(span), null, state.threshold, state.threshold_source
            )::badges_internal.dated_award
            from unnest(badges_internal._lapse_spans(
                v_people,
                array(
                    select milestone
                    from unnest(v_asked) as milestone
                    where milestone.org_id = v_org_id
                    and milestone.lapse_measure <> 'badges'
                ),
                array(
                    select grouped
                    from unnest(p_groups) as grouped
                    where grouped.org_id = v_org_id
                    and grouped.badge_definition_id in (
                        select milestone.badge_definition_id from unnest(v_asked) as milestone
                    )
                ),
                p_known => array(
                    select known from unnest(v_known) as known where known.org_id = v_org_id
                ),
                p_from => p_as_of
            )) as state
            cross join lateral (
                select badges_internal._judged_at(state.peer_mentor_id, v_org_id, p_as_of) as moment
            ) as judged
            cross join lateral unnest(state.held_during) as span
            where span @> judged.moment
        );
    end loop;
    return v_awards;
end;
$$;

comment on function badges_internal._plan_lapsing(
    jsonb, badges_internal.milestones[], badges_internal.condition_groups[], text[],
    badges_internal.dated_award[], badges_internal.dated_award[], timestamptz
) is
'Gives the awards that planned badges that lapse come to now: who would hold them.';
