-- Awards what one activity decides alone, by the rows of its person that reached a threshold.
--
-- The activity is the person's newest in every respect: whatever a row has reached came true with
-- it. p_stats, p_buckets: the rows, by pairs. Gives the badges that need the general way
-- (apply_badge_rules), null = none: parts of composed badges, places, what a rule took back or is
-- dated later; and, of what was awarded here, what other badges count.
--
-- Locks:  badges.earned_badges rows. The caller holds the base row.
-- Writes: badges.peer_mentor_stats, badges.earned_badges, badges.award_events.
create or replace function badges_internal._award_reached(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[],
    p_occurred_at timestamptz,
    p_activity_id bigint
)
returns badges_internal.candidate[]
language plpgsql
volatile
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_awards badges_internal.dated_award[];
    v_candidates badges_internal.candidate[];
begin
    select
        array_agg(row(
            p_peer_mentor_id, p_org_id, decided.badge_definition_id, decided.tier,
            decided.occurrence, p_occurred_at, p_activity_id, decided.threshold,
            decided.threshold_source
        )::badges_internal.dated_award) filter (where decided.is_alone),
        array_agg(distinct row(
            p_peer_mentor_id, p_org_id, decided.badge_definition_id, p_occurred_at, p_activity_id
        )::badges_internal.candidate) filter (where not decided.is_alone or decided.is_counted)
    into v_awards, v_candidates
    from (
        select
            crossed.*,
            crossed.parent is null
                and not crossed.is_unsettled
                and not exists (
                    select
                    from badges_internal.badge_places as place
                    where place.org_id = p_org_id
                    and place.badge_definition_id = crossed.badge_definition_id
                    and place.tier = crossed.tier
                ) as is_alone,
            exists (
                select
                from badges_internal.milestones as counting
                where counting.org_id = p_org_id
                and counting.measure = 'badges'
                and counting.badge_definition_id <> crossed.badge_definition_id
                and (
                    counting.badge_ids is null
                    or crossed.badge_definition_id = any(counting.badge_ids)
                )
            ) as is_counted
        from (
            select held.stat, reached.*
            from badges.peer_mentor_stats as held
            cross join lateral badges_internal._reached_measures(held) as reached
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = any(p_stats)
            and held.bucket = any(p_buckets)
            and held.bucket = p_buckets[array_position(p_stats, held.stat)]
            offset 0
        ) as reached
        cross join lateral (
            select
                milestone.badge_definition_id, milestone.tier, milestone.occurrence,
                milestone.parent, milestone.threshold, milestone.threshold_source,
                exists (
                    select
                    from badges.earned_badges as earned
                    where earned.peer_mentor_id = p_peer_mentor_id
                    and earned.badge_definition_id = milestone.badge_definition_id
                    and earned.org_id = p_org_id
                    and (earned.revoked_by = 'rule' or (
                        earned.revoked_at is null and earned.earned_at > p_occurred_at
                    ))
                ) as is_unsettled
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
            and milestone.stat = reached.stat
            and milestone.measure = reached.measure
            and milestone.threshold > reached.lowest - 1
            and milestone.threshold <= reached.value
            offset 0
        ) as crossed
        where crossed.is_unsettled
        or not exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = p_peer_mentor_id
            and earned.badge_definition_id = crossed.badge_definition_id
            and earned.org_id = p_org_id
            and earned.tier = crossed.tier
            and earned.occurrence = crossed.occurrence
        )
        and not exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = p_peer_mentor_id
            and denial.badge_definition_id = crossed.badge_definition_id
            and denial.org_id = p_org_id
            and denial.tier in ('', crossed.tier)
        )
    ) as decided;
    perform badges_internal._advance_thresholds(array(
        select row(p_peer_mentor_id, p_org_id, stat, bucket)::badges_internal.stat_key
        from unnest(p_stats, p_buckets) as reached (stat, bucket)
    ));
    if v_awards is not null then
        perform badges_internal._write_awards(v_awards, 'rule');
    end if;
    return v_candidates;
end;
$$;

comment on function badges_internal._award_reached(
    uuid, text, text[], text[], timestamptz, bigint
) is
'Awards what one activity decides alone, by the rows of its person that reached a threshold.';
