-- Dates a condition that holds and that no row of the snapshot has.
--
-- tenure: the due moment; badges: the moment of the last one needed; raw: of the award, else of the
-- newest activity.
create or replace function badges_internal._other_moment(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones
)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_milestone.measure = 'tenure' then
        return (
            select tenure.due_at
            from badges_internal._tenures(
                array[p_peer_mentor_id], array[p_milestone.org_id],
                array[p_milestone.badge_definition_id]
            ) as tenure
            where tenure.node = p_milestone.node
            and tenure.occurrence = p_milestone.occurrence
        );
    elsif p_milestone.measure = 'badges' then
        return (
            select enough.earned_at
            from badges_internal._nth_badge(
                p_peer_mentor_id, p_milestone.org_id, p_milestone.badge_definition_id,
                p_milestone.badge_ids, p_milestone.badge_category, p_milestone.threshold
            ) as enough
        );
    end if;
    return coalesce(
        (
            select earned.earned_at
            from badges.earned_badges as earned
            where earned.peer_mentor_id = p_peer_mentor_id
            and earned.badge_definition_id = p_milestone.badge_definition_id
            and earned.org_id = p_milestone.org_id
            and earned.tier = p_milestone.tier
            and earned.occurrence = p_milestone.occurrence
        ),
        (
            select held.last_at
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_milestone.org_id
            and held.stat = '*'
            and held.bucket = ''
        )
    );
end;
$$;

comment on function badges_internal._other_moment(uuid, badges_internal.milestones) is
'Dates a condition that holds and that no row of the snapshot has.';
