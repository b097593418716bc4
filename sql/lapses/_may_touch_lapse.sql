-- Tells whether an activity may have changed who holds a badge that lapses, time left aside.
--
-- p_stats: those that it counts in. In order it can only make hold what does not: nothing is looked
-- at where the snapshot says that its number is not reached. Late, it may also move a beginning.
create or replace function badges_internal._may_touch_lapse(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_is_late boolean
)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from badges_internal.milestones as milestone
        left join badges.earned_badges as earned
            on earned.peer_mentor_id = p_peer_mentor_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.org_id = p_org_id
            and earned.tier = milestone.tier
            and earned.occurrence = milestone.occurrence
            and earned.revoked_at is null
        where milestone.org_id = p_org_id
        and milestone.measure = 'lapse'
        and milestone.stat = any(p_stats)
        and (
            earned.earned_at is not null and p_is_late
            or earned.earned_at is null and exists (
                select
                from badges.peer_mentor_stats as held
                where held.peer_mentor_id = p_peer_mentor_id
                and held.org_id = p_org_id
                and held.stat = milestone.stat
                and (
                    held.has_negative
                    or badges_internal._measured(held, milestone.lapse_measure)
                        >= milestone.threshold
                )
            )
        )
    );
end;
$$;

comment on function badges_internal._may_touch_lapse(uuid, text, text[], boolean) is
'Tells whether an activity may have changed who holds a badge that lapses, time left aside.';
