-- Awards what one activity decides alone, by the rows of its person that reached a threshold.
--
-- p_late null: the activity is the person's newest in every respect, and what a row reached came
-- true with it. Else it is the activity, whose moment and number are not given. p_stats, p_buckets:
-- the rows, by pairs. Gives the badges that need the general way (apply_badge_rules), null = none:
-- parts of composed badges, places, what a rule took back or is dated later; and, of what was
-- awarded here, what other badges count.
--
-- One statement, though _write_awards writes the same: to begin another and to hand the awards over
-- is a fifteenth of such an activity. What is held the unique key tells, the version of the rules
-- and the next threshold the milestone. One measure of a row is moved on by it, others afterwards.
--
-- Locks:  badges.earned_badges rows. The caller holds the base row, and has set how to plan.
-- Writes: badges.peer_mentor_stats, badges.earned_badges, badges.award_events, the server's log.
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
    v_now constant timestamptz := clock_timestamp();
    v_transaction constant xid8 := pg_current_xact_id();
    v_found record;
    v_award badges_internal.dated_award;
    v_milestone badges_internal.milestones;
    v_candidates badges_internal.candidate[];
begin
    with reached as materialized (
        select
            crossing.*,
            (crossing.milestone).is_alone and p_late.stats is null and not exists (
                select from badges.badge_denials as denial
                where (denial.peer_mentor_id, denial.org_id) = (p_peer_mentor_id, p_org_id)
                and denial.badge_definition_id = (crossing.milestone).badge_definition_id
                and denial.tier in ('', (crossing.milestone).tier)
            ) as is_due
        from badges_internal._crossings(p_peer_mentor_id, p_org_id, p_stats, p_buckets) as crossing
    ),
    advanced as (
        update badges.peer_mentor_stats as held
        set (
            next_count, next_sum, next_max, next_active_days, next_distinct, next_day_run,
            next_week_run, next_month_run
        ) = row(
            next.next_count, next.next_sum, next.next_max, next.next_active_days,
            next.next_distinct, next.next_day_run, next.next_week_run, next.next_month_run
        )
        from reached as next
        -- The caller holds these rows: each is where it was read, and is not looked for by key.
        where held.ctid = next.place and next.is_highest
    ),
    written as (
        insert into badges.earned_badges (
            peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at, granted_at,
            activity_id, threshold, threshold_source, rule_set, rule_set_version,
            idempotency_key, source
        )
        select
            p_peer_mentor_id, due.badge_definition_id, p_org_id, due.tier, due.occurrence,
            p_occurred_at, v_now, p_activity_id, due.threshold, due.threshold_source,
            due.rule_set, due.rule_set_version,
            badges.derive_idempotency_key(
                p_peer_mentor_id, due.badge_definition_id, p_org_id, due.tier, due.occurrence
            ), 'rule'
        from (select (milestone).* from reached where is_due) as due
        on conflict (peer_mentor_id, badge_definition_id, org_id, tier, occurrence) do nothing
        returning peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at,
            activity_id, threshold, threshold_source
    ),
    told as (
        insert into badges.award_events (
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
            is_delivered_by_default, transaction_id, created_at, details
        )
        select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, 'awarded', 'rule',
            true, v_transaction, v_now, jsonb_build_object('earned_at', earned_at)
        from written
    )
    select found.*, case when cardinality(milestones) > coalesce(cardinality(awards), 0) then
        badges_internal._left_to_decide(p_peer_mentor_id, p_occurred_at, p_activity_id, milestones,
            awards) end as left_over
    into v_found
    from (
        select
            array_agg(milestone) as milestones,
            (select array_agg(written::badges_internal.dated_award) from written) as awards
        from reached offset 0
    ) as found;
    foreach v_award in array coalesce(v_found.awards, '{}') loop
        raise log 'badge awarded: % to % in % (transaction %)', v_award.badge_definition_id,
            p_peer_mentor_id, p_org_id, v_transaction;
    end loop;
    if cardinality(v_found.milestones) is distinct from 1 then
        perform badges_internal._advance_others(p_peer_mentor_id, p_org_id, p_stats, p_buckets,
            v_found.milestones);
    end if;
    if cardinality(v_found.awards) = cardinality(v_found.milestones) then
        foreach v_milestone in array v_found.milestones loop
            if v_milestone.is_counted then
                v_candidates := v_candidates || row(p_peer_mentor_id, p_org_id,
                    v_milestone.badge_definition_id, p_occurred_at, p_activity_id
                )::badges_internal.candidate;
            end if;
        end loop;
        return v_candidates;
    elsif (v_found.left_over).alone is not null and p_late.stats is not null then
        return badges_internal._award_late(p_late, (v_found.left_over).alone,
            (v_found.left_over).candidates);
    elsif (v_found.left_over).alone is not null then
        perform badges_internal._tell_conflicts((v_found.left_over).alone, null, 'rule', v_now);
    end if;
    return (v_found.left_over).candidates;
end;
$$;

comment on function badges_internal._award_reached(
    uuid, text, text[], text[], timestamptz, bigint, badges_internal.late_activity
) is
'Awards what one activity decides alone, by the rows of its person that reached a threshold.';
