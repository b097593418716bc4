-- Tells whether an activity may have changed since when a condition that lapses holds, or ended it.
--
-- It can only begin earlier, by a late activity of before that still counted then, or that did when
-- what counts badges began; but a sequence may fall, and a part of none_of may come true. The
-- condition is named by the milestone's key, its row by p_bucket.
create or replace function badges_internal._may_touch_held(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_tier text,
    p_occurrence integer,
    p_node integer,
    p_bucket text,
    p_earned_at timestamptz,
    p_day date,
    p_occurred_at timestamptz,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_milestone badges_internal.milestones;
    v_held badges.peer_mentor_stats;
    v_may_fall boolean;
    v_until timestamptz; -- the activity counts no longer
begin
    select milestone.*
    into v_milestone
    from badges_internal.milestones as milestone
    where milestone.org_id = p_org_id
    and milestone.badge_definition_id = p_badge_definition_id
    and milestone.tier = p_tier
    and milestone.occurrence = p_occurrence
    and milestone.node = p_node;
    select held.*
    into v_held
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = v_milestone.stat
    and held.bucket = p_bucket;
    v_may_fall := v_held.last_at > p_occurred_at or v_held.value_last < v_milestone.threshold;
    if p_occurred_at < p_earned_at then
        v_until := (p_day + 2 + badges_internal._reach_of(v_milestone))::timestamp
            at time zone 'UTC';
        if (p_earned_at < v_until or exists (
            -- What counts badges was held while they were, noticed or not.
            select
            from badges_internal.milestones as counting
            join badges.earned_badges as counted_by
                on counted_by.peer_mentor_id = p_peer_mentor_id
                and counted_by.badge_definition_id = counting.badge_definition_id
                and counted_by.org_id = p_org_id
                and counted_by.tier = counting.tier
                and counted_by.occurrence = counting.occurrence
            where counting.org_id = p_org_id
            and counting.measure = 'lapse'
            and counting.lapse_measure = 'badges'
            and counted_by.earned_at > p_occurred_at
            and counted_by.earned_at < v_until
            and counted_by.revoked_at is null
        )) and not (
            v_milestone.lapse_measure in ('active_days', 'day_run', 'week_run', 'month_run')
            and badges_internal._counts_already(
                p_peer_mentor_id, p_org_id, v_milestone.stat, p_bucket, p_day, p_occurred_at,
                p_pending
            )
        ) then
            return true;
        end if;
    end if;
    return v_held.value_last is not null and v_may_fall
        or v_milestone.parent is not null
        and (
            v_may_fall
            -- Its day may still be placed among those of before.
            or badges_internal._may_be_reached(v_milestone, v_held, v_held.last_date > p_day)
        )
        and badges_internal._may_be_barred(p_org_id, p_badge_definition_id);
end;
$$;

comment on function badges_internal._may_touch_held(
    uuid, text, text, text, integer, integer, text, timestamptz, date, timestamptz, bigint[]
) is
'Tells whether an activity may have changed since when a condition that lapses holds, or ended it.';
