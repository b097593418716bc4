-- Awards what one activity decides alone, by the rows of its person that reached a threshold.
--
-- p_late null: the activity is the person's newest in every respect, and what a row reached came
-- true with it. Else it is the activity, whose moment and number are not given. p_stats, p_buckets:
-- the rows, by pairs. Gives the badges that need the general way (apply_badge_rules), null = none:
-- parts of composed badges, places, what a rule took back or is dated later; and, of what was
-- awarded here, what other badges count.
--
-- Locks:  badges.earned_badges rows. The caller holds the base row, and has set how to plan.
-- Writes: badges.peer_mentor_stats, badges.earned_badges, badges.award_events.
create or replace function badges_internal._award_reached(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[],
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_late badges_internal.late_activity
)
returns badges_internal.candidate[]
language plpgsql
volatile
as $$
declare
    v_awards badges_internal.dated_award[];
    v_candidates badges_internal.candidate[];
begin
    with advanced as (
        update badges.peer_mentor_stats as held
        set (
            next_count, next_sum, next_max, next_active_days, next_distinct, next_day_run,
            next_week_run, next_month_run
        ) = row(next.*)
        from badges.peer_mentor_stats as own
        join badges_internal.stat_definitions as defined using (org_id, stat)
        cross join lateral badges_internal._next_thresholds(
            defined.thresholds, own.org_id, own.stat,
            row(own.activity_count, own.value_sum, own.value_max, own.active_days,
                own.distinct_count, own.longest_day_run, own.longest_week_run,
                own.longest_month_run)::badges_internal.stat_values
        ) as next
        where own.peer_mentor_id = p_peer_mentor_id
        and own.org_id = p_org_id
        and own.stat = any(p_stats)
        and own.bucket = any(p_buckets)
        and own.bucket = p_buckets[array_position(p_stats, own.stat)]
        and badges_internal._has_reached(own)
        and (held.peer_mentor_id, held.org_id, held.stat, held.bucket)
            = (own.peer_mentor_id, own.org_id, own.stat, own.bucket)
        returning own
    )
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
                and earned.is_unsettled is not true
                and not exists (
                    select
                    from badges_internal.badge_places as place
                    where (place.org_id, place.badge_definition_id, place.tier)
                        = (p_org_id, crossed.badge_definition_id, crossed.tier)
                ) as is_alone,
            exists (
                select
                from badges_internal.milestones as counting
                where counting.org_id = p_org_id and counting.measure in ('badges', 'lapse')
                and 'badges' in (counting.measure, counting.lapse_measure)
                and counting.badge_definition_id <> crossed.badge_definition_id
                and crossed.badge_definition_id
                    = any(coalesce(counting.badge_ids, array[crossed.badge_definition_id]))
            ) as is_counted
        from advanced
        cross join lateral badges_internal._reached_measures(advanced.own) as reached
        cross join lateral (
            select badge_definition_id, tier, occurrence, parent, threshold, threshold_source
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
            and milestone.stat = (advanced.own).stat
            and milestone.measure = reached.measure
            and milestone.threshold > reached.lowest - 1
            and milestone.threshold <= reached.value
            offset 0
        ) as crossed
        -- By its whole key: of many tiers and occurrences none is read that is not crossed.
        left join lateral (
            select
                true as is_held,
                own.revoked_by in ('rule', 'time')
                    -- What must not hold may do so from that very moment.
                    or own.revoked_at is null and (own.earned_at, crossed.parent is not null)
                        > (p_occurred_at, false) as is_unsettled
            from badges.earned_badges as own
            where own.peer_mentor_id = p_peer_mentor_id
            and (own.badge_definition_id, own.org_id, own.tier, own.occurrence)
                = (crossed.badge_definition_id, p_org_id, crossed.tier, crossed.occurrence)
            offset 0
        ) as earned on true
        where earned.is_unsettled or earned.is_held is null
        and not exists (
            select
            from badges.badge_denials as denial
            where (denial.peer_mentor_id, denial.org_id) = (p_peer_mentor_id, p_org_id)
            and denial.badge_definition_id = crossed.badge_definition_id
            and denial.tier in ('', crossed.tier)
        )
    ) as decided;
    if v_awards is not null and p_late.stats is not null then
        return badges_internal._award_late(p_late, v_awards, v_candidates);
    elsif v_awards is not null then
        perform badges_internal._write_awards(v_awards, 'rule');
    end if;
    return v_candidates;
end;
$$;

comment on function badges_internal._award_reached(
    uuid, text, text[], text[], timestamptz, bigint, badges_internal.late_activity
) is
'Awards what one activity decides alone, by the rows of its person that reached a threshold.';

select badges_internal._join_before_17(
    'badges_internal._award_reached(
        uuid, text, text[], text[], timestamptz, bigint, badges_internal.late_activity
    )',
    $listed$
        from badges.peer_mentor_stats as own
        join badges_internal.stat_definitions as defined using (org_id, stat)
$listed$,
    $joined$
        from unnest(p_stats) with ordinality as wanted (name, place)
        join badges.peer_mentor_stats as own
            on own.stat = wanted.name
            and own.bucket = p_buckets[wanted.place]
            and wanted.place = array_position(p_stats, wanted.name)
        join badges_internal.stat_definitions as defined using (org_id, stat)
$joined$
);
