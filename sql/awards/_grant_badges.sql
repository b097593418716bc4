-- Writes awards that nobody has yet, each with its event and log line.
--
-- Badges with a limit are written while places are left; p_is_final: docs of _claim_places. Only
-- what the insert returned is told. An award refused by the unique key although it was not
-- held when the person's base row was written is a defect signal: event conflict, delivered
-- whatever the source, and alert duplicate_stopped in the log.
--
-- Locks:  badges.earned_badges rows, in key order.
-- Writes: badges.earned_badges, badges.award_events, the server's log.
create or replace function badges_internal._grant_badges(
    p_awards badges_internal.dated_award[],
    p_source text,
    p_is_final boolean default false
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_awards constant badges_internal.dated_award[]
        := badges_internal._claim_places(p_awards, p_source, p_is_final);
    v_now constant timestamptz := clock_timestamp();
    v_transaction constant xid8 := pg_current_xact_id();
    v_granted badges_internal.candidate[];
    v_stopped text[];
    v_line text;
begin
    with written as (
        insert into badges.earned_badges (
            peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at, granted_at,
            activity_id, threshold, threshold_source, rule_set, rule_set_version,
            idempotency_key, source
        )
        select
            award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
            award.occurrence, award.earned_at, v_now, award.activity_id, award.threshold,
            award.threshold_source, organization.rule_set, organization.rule_set_version,
            badges.derive_idempotency_key(
                award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
                award.occurrence
            ),
            p_source
        from unnest(v_awards) as award
        join badges.organizations as organization on organization.org_id = award.org_id
        order by
            award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
            award.occurrence
        on conflict (peer_mentor_id, badge_definition_id, org_id, tier, occurrence) do nothing
        returning peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at
    ),
    told as (
        insert into badges.award_events (
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
            is_delivered_by_default, transaction_id, created_at, details
        )
        select
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.tier,
            award.occurrence,
            case when written.peer_mentor_id is null then 'conflict' else 'awarded' end,
            p_source, p_source <> 'backfill' or written.peer_mentor_id is null, v_transaction,
            v_now,
            jsonb_build_object('earned_at', award.earned_at)
        from unnest(v_awards) as award
        left join written
            on written.peer_mentor_id = award.peer_mentor_id
            and written.org_id = award.org_id
            and written.badge_definition_id = award.badge_definition_id
            and written.tier = award.tier
            and written.occurrence = award.occurrence
        order by award.peer_mentor_id, award.earned_at, award.badge_definition_id
        returning peer_mentor_id, org_id, badge_definition_id, event_type
    )
    select
        array_agg(row(peer_mentor_id, org_id, badge_definition_id, null, null)
            ::badges_internal.candidate) filter (where event_type = 'awarded'),
        array_agg(format('%s %s in %s', peer_mentor_id, badge_definition_id, org_id))
            filter (where event_type = 'conflict')
    into v_granted, v_stopped
    from told;

    perform badges_internal._log_alert('duplicate_stopped', stopped.award)
    from unnest(v_stopped) as stopped (award);
    if p_source = 'backfill' or cardinality(v_granted) > 100 then
        raise log 'badges awarded: % (source %, transaction %)',
            coalesce(cardinality(v_granted), 0), p_source, v_transaction;
        return v_granted;
    end if;
    for v_line in
        select format(
            'badge awarded: %s to %s in %s (transaction %s)',
            granted.badge_definition_id, granted.peer_mentor_id, granted.org_id, v_transaction
        )
        from unnest(v_granted) as granted
    loop
        raise log '%', v_line;
    end loop;
    return v_granted;
end;
$$;

comment on function badges_internal._grant_badges(badges_internal.dated_award[], text, boolean) is
'Writes awards that nobody has yet, each with its event and log line.';
