-- Tells when people held enough of the badges that a condition counts.
--
-- An award says since when it is held, or until when it was; what was before that is its events'.
create or replace function badges_internal._badge_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones,
    p_given badges_internal.dated_award[], -- as in _lapse_spans
    p_taken badges_internal.dated_award[]
)
returns table (peer_mentor_id uuid, held_during tstzmultirange)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select
        held.peer_mentor_id,
        badges_internal._held_together(
            array_agg(held.held_during), ceil(p_milestone.threshold)::integer
        )
    from (
        select
            earned.peer_mentor_id, earned.badge_definition_id,
            range_agg(tstzrange(
                earned.earned_at, case when earned.revoked_at is not null
                    then greatest(earned.earned_at, earned.revoked_at) end
            )) as held_during
        from (
            select
                award.peer_mentor_id, award.org_id, award.badge_definition_id, award.earned_at,
                award.revoked_at
            from badges.earned_badges as award
            left join unnest(p_taken) as taken
                on taken.peer_mentor_id = award.peer_mentor_id
                and taken.org_id = award.org_id
                and taken.badge_definition_id = award.badge_definition_id
                and taken.tier = award.tier
                and taken.occurrence = award.occurrence
            where award.peer_mentor_id = any(p_peer_mentor_ids)
            and award.org_id = p_milestone.org_id
            and taken.peer_mentor_id is null
            union all
            select
                given.peer_mentor_id, given.org_id, given.badge_definition_id, given.earned_at,
                null
            from unnest(p_given) as given
        ) as earned
        where earned.peer_mentor_id = any(p_peer_mentor_ids)
        and earned.org_id = p_milestone.org_id
        and earned.badge_definition_id <> p_milestone.badge_definition_id
        and (
            p_milestone.badge_ids is null
            or earned.badge_definition_id = any(p_milestone.badge_ids)
        )
        group by earned.peer_mentor_id, earned.badge_definition_id
    ) as held
    where badges_internal._is_counted(
        held.badge_definition_id, p_milestone.badge_ids, p_milestone.badge_category
    )
    group by held.peer_mentor_id;
end;
$$;

comment on function badges_internal._badge_spans(
    uuid[], badges_internal.milestones, badges_internal.dated_award[],
    badges_internal.dated_award[]
) is
'Tells when people held enough of the badges that a condition counts.';
