-- Lists the held badges that count badges which moved, and are dated after one of them.
--
-- p_moved: badges with their new moments.
create or replace function badges_internal._counting_held(p_moved badges_internal.candidate[])
returns badges_internal.candidate[]
language plpgsql
volatile
set enable_seqscan = off
as $$
begin
    return (
        select array_agg(distinct row(
            moved.peer_mentor_id, moved.org_id, milestone.badge_definition_id,
            null::timestamptz, null::bigint
        )::badges_internal.candidate)
        from unnest(p_moved) as moved
        join badges_internal.milestones as milestone
            on milestone.org_id = moved.org_id
            and milestone.measure = 'badges'
            and milestone.badge_definition_id <> moved.badge_definition_id
            and (
                milestone.badge_ids is null
                or moved.badge_definition_id = any(milestone.badge_ids)
            )
        join badges.earned_badges as earned
            on earned.peer_mentor_id = moved.peer_mentor_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.org_id = moved.org_id
            and earned.earned_at > moved.came_true_at
            and earned.revoked_at is null
    );
end;
$$;

comment on function badges_internal._counting_held(badges_internal.candidate[]) is
'Lists the held badges that count badges which moved, and are dated after one of them.';
