-- Lists what holds of one badge for a person, conditions and groups, each with its moment.
--
-- A condition that may have held once is dated by the activities; of a badge that lapses what holds
-- on p_as_of is, since when it does, and held_during tells until when. A denied, revoked or held
-- badge is looked at like any other.
create or replace function badges_internal._dated_conditions(
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
begin
    if exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id
        and milestone.badge_definition_id = p_badge_definition_id
        and milestone.measure = 'lapse'
    ) then
        return badges_internal._present_conditions(
            p_peer_mentor_id, p_org_id, p_badge_definition_id, p_as_of
        );
    end if;
    return badges_internal._decide_groups(badges_internal._date_conditions(array(
        select row(
            p_peer_mentor_id, p_org_id, p_badge_definition_id, milestone.tier,
            milestone.occurrence, milestone.node, milestone.parent, milestone.stat,
            milestone.measure, milestone.threshold, milestone.threshold_source,
            case when milestone.measure in ('tenure', 'badges', 'raw')
                then badges_internal._other_moment(p_peer_mentor_id, milestone) end,
            null, null
        )::badges_internal.condition_state
        from badges_internal._badge_conditions(
            p_peer_mentor_id, p_org_id, p_badge_definition_id, p_as_of
        ) as condition
        join badges_internal.milestones as milestone
            on milestone.org_id = p_org_id
            and milestone.badge_definition_id = p_badge_definition_id
            and milestone.node = condition.node
            and milestone.tier = condition.tier
            and milestone.occurrence = condition.occurrence
        where condition.is_reached
        or condition.may_fall
    )), array(
        select grouped
        from badges_internal.condition_groups as grouped
        where grouped.org_id = p_org_id
        and grouped.badge_definition_id = p_badge_definition_id
    ));
end;
$$;

comment on function badges_internal._dated_conditions(uuid, text, text, date) is
'Lists what holds of one badge for a person, conditions and groups, each with its moment.';
