-- Writes awards that were given elsewhere and that nobody has here, each with its silent event.
--
-- Denied ones are left out. Places of badges with a limit are taken, be there some left or not:
-- who was among the first is not asked again. The caller holds the base rows. Gives those written,
-- with their moments.
--
-- Locks:  badges_internal.badge_places in key order.
-- Writes: badges.earned_badges, badges.award_events, badges_internal.badge_places, the server's
--         log.
create or replace function badges_internal._write_adopted(
    p_awards badges_internal.dated_award[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_transaction constant xid8 := pg_current_xact_id();
    v_written badges_internal.candidate[];
begin
    perform
    from badges_internal.badge_places as place
    where (place.org_id, place.badge_definition_id, place.tier) in (
        select award.org_id, award.badge_definition_id, award.tier
        from unnest(p_awards) as award
    )
    order by place.org_id, place.badge_definition_id, place.tier
    for update;
    with written as (
        insert into badges.earned_badges (
            peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at, granted_at,
            rule_set, rule_set_version, idempotency_key, source
        )
        select
            award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
            award.occurrence, award.earned_at, v_now, organization.rule_set,
            organization.rule_set_version,
            badges.derive_idempotency_key(
                award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
                award.occurrence
            ),
            'import'
        from unnest(p_awards) as award
        join badges.organizations as organization on organization.org_id = award.org_id
        where not exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = award.peer_mentor_id
            and denial.badge_definition_id = award.badge_definition_id
            and denial.org_id = award.org_id
            and denial.tier in ('', award.tier)
        )
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
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, 'awarded', 'import',
            false, v_transaction, v_now, jsonb_build_object('earned_at', earned_at)
        from written
        order by peer_mentor_id, earned_at, badge_definition_id
    ),
    claimed as (
        update badges_internal.badge_places as place
        set claimed = place.claimed + taken.number
        from (
            select org_id, badge_definition_id, tier, count(*) as number
            from written
            group by org_id, badge_definition_id, tier
        ) as taken
        where place.org_id = taken.org_id
        and place.badge_definition_id = taken.badge_definition_id
        and place.tier = taken.tier
    )
    select array_agg(row(peer_mentor_id, org_id, badge_definition_id, earned_at, null)
        ::badges_internal.candidate)
    into v_written
    from written;
    raise log 'badges taken over: % (transaction %)',
        coalesce(cardinality(v_written), 0), v_transaction;
    return v_written;
end;
$$;

comment on function badges_internal._write_adopted(badges_internal.dated_award[]) is
'Writes awards that were given elsewhere and that nobody has here, each with its silent event.';
