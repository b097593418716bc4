-- Moves earned_at of held awards back to where their rules, as they are, came true.
--
-- Only awards that rules gave and still hold, whose rule has not changed since. Dates never move
-- forward. Held badges that count badges follow; p_moved: what the caller moved already, with the
-- new moments. The caller holds the base rows.
--
-- Writes: badges.earned_badges, badges.award_events (redated).
create or replace function badges_internal._redate_badges(
    p_held badges_internal.candidate[],
    p_moved badges_internal.candidate[] default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_badges badges_internal.candidate[] := p_held;
    v_moved badges_internal.candidate[] := p_moved;
begin
    while v_badges is not null or v_moved is not null loop
        if v_badges is null then
            v_badges := badges_internal._counting_held(v_moved);
            v_moved := null;
            continue;
        end if;
        with moved as (
            update badges.earned_badges as earned
            set earned_at = award.earned_at, activity_id = award.activity_id
            from unnest(badges_internal._evaluate_badges(v_badges, true)) as award
            where earned.peer_mentor_id = award.peer_mentor_id
            and earned.badge_definition_id = award.badge_definition_id
            and earned.org_id = award.org_id
            and earned.tier = award.tier
            and earned.occurrence = award.occurrence
            and earned.earned_at > award.earned_at
            and earned.revoked_at is null
            and badges_internal._is_decided_as_now(earned, award.threshold)
            returning
                earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
                earned.occurrence, earned.source, earned.earned_at
        ),
        told as (
            insert into badges.award_events (
                peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type,
                source, is_delivered_by_default, transaction_id, created_at, details
            )
            select
                peer_mentor_id, org_id, badge_definition_id, tier, occurrence, 'redated', source,
                false, pg_current_xact_id(), clock_timestamp(),
                jsonb_build_object('earned_at', earned_at)
            from moved
        )
        select v_moved || array_agg(
            row(peer_mentor_id, org_id, badge_definition_id, earned_at, null)
                ::badges_internal.candidate
        )
        into v_moved
        from moved;
        v_badges := null;
    end loop;
end;
$$;

comment on function badges_internal._redate_badges(
    badges_internal.candidate[], badges_internal.candidate[]
) is
'Moves earned_at of held awards back to where their rules, as they are, came true.';
