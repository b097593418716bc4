-- Writes what became of awards of badges that lapse, each change with its events.
--
-- Time ended what ceased to hold at a moment without an activity, else a rule did. The caller holds
-- the base rows.
--
-- Locks:  badges.earned_badges rows.
-- Writes: badges.earned_badges, badges.award_events, the server's log.
create or replace function badges_internal._write_lapses(
    p_changes badges_internal.lapse_change[],
    p_source text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
begin
    perform badges_internal._write_awards(array_agg(row(
        change.peer_mentor_id, change.org_id, change.badge_definition_id, change.tier, 1,
        change.held_since, change.activity_id, change.threshold, change.threshold_source
    )::badges_internal.dated_award), p_source)
    from unnest(p_changes) as change
    where change.change = 'awarded'
    having count(*) > 0;
    with ended as (
        select
            change.*, organization.rule_set_version,
            case
                when change.change not in ('lapsed', 'interrupted') then null
                when change.ended_at is null or badges_internal._activity_at(
                    change.peer_mentor_id, change.org_id, change.ended_at
                ) is not null then 'rule'
                else 'time'
            end as ended_by
        from unnest(p_changes) as change
        join badges.organizations as organization on organization.org_id = change.org_id
        where change.change <> 'awarded'
    ),
    worded as (
        select
            ended.*,
            case ended.ended_by
                when 'time' then 'time passed, and the rule no longer holds'
                when 'rule' then 'the rule no longer holds'
            end as reason
        from ended
    ),
    changed as (
        update badges.earned_badges as earned
        set
            revoked_at = case when worded.change = 'lapsed'
                then coalesce(worded.ended_at, v_now) end,
            revoked_by = case when worded.change = 'lapsed' then worded.ended_by end,
            revoke_reason = case when worded.change = 'lapsed' then worded.reason end,
            earned_at = coalesce(worded.held_since, earned.earned_at),
            activity_id = case when worded.change = 'lapsed'
                then earned.activity_id else worded.activity_id end,
            threshold = coalesce(worded.threshold, earned.threshold),
            threshold_source = coalesce(worded.threshold_source, earned.threshold_source),
            rule_set_version = worded.rule_set_version,
            -- What is held again is news, told and shown like an award.
            source = case when worded.change in ('restored', 'interrupted') then p_source
                else earned.source end,
            seen_at = case when worded.change not in ('restored', 'interrupted')
                then earned.seen_at end
        from worded
        join badges.earned_badges as before
            on before.peer_mentor_id = worded.peer_mentor_id
            and before.org_id = worded.org_id
            and before.badge_definition_id = worded.badge_definition_id
            and before.tier = worded.tier
            and before.occurrence = worded.occurrence
        where earned.peer_mentor_id = before.peer_mentor_id
        and earned.org_id = before.org_id
        and earned.badge_definition_id = before.badge_definition_id
        and earned.tier = before.tier
        and earned.occurrence = before.occurrence
        returning worded.*, before.earned_at as earned_before
    )
    insert into badges.award_events (
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
        is_delivered_by_default, transaction_id, created_at, details
    )
    select
        changed.peer_mentor_id, changed.org_id, changed.badge_definition_id, changed.tier,
        changed.occurrence, told.event_type, p_source,
        p_source <> 'backfill' and told.event_type <> 'redated', pg_current_xact_id(), v_now,
        case when told.event_type = 'lapsed' then jsonb_build_object(
            'earned_at', changed.earned_before, 'lapsed_at', coalesce(changed.ended_at, v_now),
            'reason', changed.reason
        ) else jsonb_build_object('earned_at', changed.held_since) end
    from changed
    cross join lateral unnest(case changed.change
        when 'interrupted' then array['lapsed', 'restored']
        else array[changed.change]
    end) with ordinality as told (event_type, place)
    order by changed.peer_mentor_id, changed.badge_definition_id, changed.tier, told.place;
end;
$$;

comment on function badges_internal._write_lapses(badges_internal.lapse_change[], text) is
'Writes what became of awards of badges that lapse, each change with its events.';
