-- Gives the awards of one person to another, united with the other's own.
--
-- What the other had lost and now holds is told as restored, what is dated earlier as redated. The
-- caller holds the base rows and the awards of both.
--
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges_internal._merge_awards(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_ids text[]
)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from badges.earned_badges as earned
        where earned.peer_mentor_id = p_from_peer_mentor_id
        and earned.org_id = any(p_org_ids)
        returning earned.badge_definition_id, earned.org_id, earned.tier, earned.occurrence
    ),
    united as materialized (
        select award.*
        from badges_internal._united_awards(
            p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
        ) as award
        join gone using (badge_definition_id, org_id, tier, occurrence)
    ),
    told as (
        insert into badges.award_events (
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
            is_delivered_by_default, transaction_id, created_at, details
        )
        select
            p_into_peer_mentor_id, held.org_id, held.badge_definition_id, held.tier,
            held.occurrence,
            case when held.revoked_at is null then 'redated' else 'restored' end, 'manual',
            held.revoked_at is not null, pg_current_xact_id(), clock_timestamp(),
            jsonb_build_object('earned_at', united.earned_at, 'merged', true)
        from united
        join badges.earned_badges as held
            on held.peer_mentor_id = p_into_peer_mentor_id
            and held.badge_definition_id = united.badge_definition_id
            and held.org_id = united.org_id
            and held.tier = united.tier
            and held.occurrence = united.occurrence
        where united.revoked_at is null
        and (held.revoked_at is not null or held.earned_at <> united.earned_at)
        order by held.badge_definition_id, held.tier, held.occurrence
    )
    insert into badges.earned_badges (
        peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at, granted_at,
        activity_id, threshold, threshold_source, rule_set, rule_set_version, idempotency_key,
        source, revoked_at, revoked_by, revoke_reason, seen_at
    )
    select
        peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at, granted_at,
        activity_id, threshold, threshold_source, rule_set, rule_set_version, idempotency_key,
        source, revoked_at, revoked_by, revoke_reason, seen_at
    from united
    on conflict (peer_mentor_id, badge_definition_id, org_id, tier, occurrence) do update set
        earned_at = excluded.earned_at, granted_at = excluded.granted_at,
        activity_id = excluded.activity_id, threshold = excluded.threshold,
        threshold_source = excluded.threshold_source, rule_set = excluded.rule_set,
        rule_set_version = excluded.rule_set_version, source = excluded.source,
        revoked_at = excluded.revoked_at, revoked_by = excluded.revoked_by,
        revoke_reason = excluded.revoke_reason, seen_at = excluded.seen_at;
$$;

comment on function badges_internal._merge_awards(uuid, uuid, text[]) is
'Gives the awards of one person to another, united with the other''s own.';
