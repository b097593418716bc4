-- Writes awards, each with its event and log line.
--
-- Only what the insert returned is told. An award refused by the unique key although it was not
-- held when the person's base row was written is a defect signal: _tell_conflicts. No join in it
-- grows, so one plan serves an award and a hundred thousand; setting how to plan here would cost
-- more than the insert. Gives keys and dates of what it wrote.
--
-- Locks:  badges.earned_badges rows, in key order.
-- Writes: badges.earned_badges, badges.award_events, the server's log.
create or replace function badges_internal._write_awards(
    p_awards badges_internal.dated_award[],
    p_source text
)
returns badges_internal.dated_award[]
language plpgsql
volatile
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_transaction constant xid8 := pg_current_xact_id();
    v_written badges_internal.dated_award[];
    v_award badges_internal.dated_award;
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
        from unnest(p_awards) as award
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
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, 'awarded', p_source,
            p_source <> 'backfill', v_transaction, v_now,
            jsonb_build_object('earned_at', earned_at)
        from written
        order by peer_mentor_id, earned_at, badge_definition_id
    )
    select array_agg(row(
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at, null, null, null
    )::badges_internal.dated_award)
    into v_written
    from written;

    if cardinality(v_written) is distinct from cardinality(p_awards) then
        perform badges_internal._tell_conflicts(p_awards, v_written, p_source, v_now);
    end if;
    if p_source = 'backfill' or cardinality(v_written) > 100 then
        raise log 'badges awarded: % (source %, transaction %)',
            coalesce(cardinality(v_written), 0), p_source, v_transaction;
    elsif v_written is not null then
        foreach v_award in array v_written loop
            raise log 'badge awarded: % to % in % (transaction %)',
                v_award.badge_definition_id, v_award.peer_mentor_id, v_award.org_id,
                v_transaction;
        end loop;
    end if;
    return v_written;
end;
$$;

comment on function badges_internal._write_awards(badges_internal.dated_award[], text) is
'Writes awards, each with its event and log line.';
