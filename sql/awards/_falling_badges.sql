-- Lists the badges that activities may complete or break and cross nothing.
--
-- Late ones, on values that fell: the value of now may be too low where that of an earlier moment
-- is enough; a part that fell may have held at the moment to which the late activity moves another
-- part. Late ones, with none_of: what must not hold may have come true after the others by now, or
-- before them. Any of people of whom something fell that must not hold: it may have ceased to.
create or replace function badges_internal._falling_badges(
    p_late badges_internal.late_person[],
    p_peer_mentor_ids uuid[],
    p_org_ids text[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Most rule sets have no none_of, and the statement below is dear to begin.
    if p_late is null and not exists (
        select
        from badges_internal.condition_groups as barring
        where barring.org_id = any(p_org_ids)
        and barring.kind = 'none_of'
    ) then
        return null;
    end if;
    return (
        select array_agg(distinct row(
            badge.peer_mentor_id, badge.org_id, badge.badge_definition_id, null::timestamptz,
            null::bigint
        )::badges_internal.candidate)
        from (
            select late.peer_mentor_id, late.org_id, milestone.badge_definition_id
            from unnest(p_late) as late
            join badges.peer_mentor_stats as held
                on held.peer_mentor_id = late.peer_mentor_id
                and held.org_id = late.org_id
                and held.has_negative
            join badges_internal.milestones as milestone
                on milestone.org_id = held.org_id
                and milestone.stat = held.stat
            union all
            select late.peer_mentor_id, late.org_id, barring.badge_definition_id
            from unnest(p_late) as late
            join badges_internal.condition_groups as barring
                on barring.org_id = late.org_id
                and barring.kind = 'none_of'
            where badges_internal._may_decide_anew(
                late.peer_mentor_id, late.org_id, barring.badge_definition_id, late.occurred_at
            )
            union all
            select person.peer_mentor_id, person.org_id, barring.badge_definition_id
            from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
            join badges_internal.condition_groups as barring
                on barring.org_id = person.org_id
                and barring.kind = 'none_of'
            join badges_internal.milestones as milestone
                on milestone.org_id = barring.org_id
                and milestone.badge_definition_id = barring.badge_definition_id
            join badges.peer_mentor_stats as held
                on held.peer_mentor_id = person.peer_mentor_id
                and held.org_id = person.org_id
                and held.stat = milestone.stat
                and held.has_negative
        ) as badge
    );
end;
$$;

comment on function badges_internal._falling_badges(
    badges_internal.late_person[], uuid[], text[]
) is
'Lists the badges that activities may complete or break and cross nothing.';
