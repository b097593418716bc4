-- Tells whether an activity may have changed since when a condition that lapses holds, or ended it.
--
-- It can only begin earlier, by a late activity of before that still counted then; but a sequence
-- may fall, and a part of none_of may come true.
create or replace function badges_internal._may_touch_held(
    p_milestone badges_internal.milestones,
    p_held badges.peer_mentor_stats,
    p_earned_at timestamptz,
    p_day date,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_may_fall constant boolean := p_held.last_at > p_occurred_at
        or p_held.value_last < p_milestone.threshold;
begin
    if p_occurred_at < p_earned_at then
        if p_earned_at < (
            p_day + 2 + badges_internal._reach_of(p_milestone)
        )::timestamp at time zone 'UTC' then
            return true;
        end if;
    end if;
    return p_held.value_last is not null and v_may_fall
        or p_milestone.parent is not null
        and (v_may_fall or badges_internal._may_be_reached(p_milestone, p_held, false))
        and exists (
            select
            from badges_internal.condition_groups as grouped
            where grouped.org_id = p_milestone.org_id
            and grouped.badge_definition_id = p_milestone.badge_definition_id
            and grouped.kind = 'none_of'
        );
end;
$$;

comment on function badges_internal._may_touch_held(
    badges_internal.milestones, badges.peer_mentor_stats, timestamptz, date, timestamptz
) is
'Tells whether an activity may have changed since when a condition that lapses holds, or ended it.';
