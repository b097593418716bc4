-- Makes awards of revoke badges what their rules say now: taken back, given back or redated.
--
-- Only what rules gave and no person took back. What a rule took is given back although the badge
-- is kept by now. Nothing is awarded anew. Badges that count badges
-- follow: those that are kept are awarded if they hold now. The caller holds the base rows.
--
-- Locks:  badges.earned_badges rows.
-- Writes: badges.earned_badges, badges.award_events (revoked, restored, redated).
create or replace function badges_internal._settle_badges(
    p_badges badges_internal.candidate[],
    p_source text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_badges badges_internal.candidate[] := p_badges;
    v_awards badges_internal.dated_award[];
    v_changed badges_internal.candidate[];
    v_now timestamptz;
begin
    while v_badges is not null loop
        v_awards := badges_internal._evaluate_badges(v_badges, true);
        v_now := clock_timestamp();
        with judged as (
            select
                earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
                earned.occurrence, award.earned_at, award.activity_id, award.threshold,
                award.threshold_source, organization.rule_set_version,
                case
                    when award.peer_mentor_id is null
                        and earned.revoked_at is null
                        and definition.on_unmet = 'revoke'
                        then 'revoked'
                    when award.peer_mentor_id is null then null
                    when earned.revoked_at is not null then case
                        when not exists (
                            select
                            from badges.badge_denials as denial
                            where denial.peer_mentor_id = earned.peer_mentor_id
                            and denial.badge_definition_id = earned.badge_definition_id
                            and denial.org_id = earned.org_id
                            and denial.tier in ('', earned.tier)
                        ) then 'restored'
                    end
                    when earned.earned_at <> award.earned_at
                        and definition.on_unmet = 'revoke'
                        and badges_internal._is_decided_as_now(earned, award.threshold)
                        then 'redated'
                end as change
            from (
                select distinct given.peer_mentor_id, given.org_id, given.badge_definition_id
                from unnest(v_badges) as given
            ) as badge
            join badges.organizations as organization
                on organization.org_id = badge.org_id
                and organization.is_active
            join badges.badge_definitions as definition
                on definition.badge_definition_id = badge.badge_definition_id
                and definition.is_active
            join badges.org_badge_configs as config
                on config.org_id = badge.org_id
                and config.badge_definition_id = badge.badge_definition_id
                and config.is_enabled
            join badges.earned_badges as earned
                on earned.peer_mentor_id = badge.peer_mentor_id
                and earned.org_id = badge.org_id
                and earned.badge_definition_id = badge.badge_definition_id
                and earned.source in ('rule', 'backfill', 'sweep')
                and earned.revoked_by is distinct from 'person'
            left join unnest(v_awards) as award
                on award.peer_mentor_id = earned.peer_mentor_id
                and award.org_id = earned.org_id
                and award.badge_definition_id = earned.badge_definition_id
                and award.tier = earned.tier
                and award.occurrence = earned.occurrence
        ),
        changed as (
            update badges.earned_badges as earned
            set
                revoked_at = case when judged.change = 'revoked' then v_now end,
                revoked_by = case when judged.change = 'revoked' then 'rule' end,
                revoke_reason = case
                    when judged.change = 'revoked' then 'the rule no longer holds' end,
                earned_at = case
                    when judged.change = 'revoked' then earned.earned_at
                    else judged.earned_at
                end,
                activity_id = case
                    when judged.change = 'revoked' then earned.activity_id
                    else judged.activity_id
                end,
                threshold = case
                    when judged.change = 'restored' then judged.threshold
                    else earned.threshold
                end,
                threshold_source = case
                    when judged.change = 'restored' then judged.threshold_source
                    else earned.threshold_source
                end,
                rule_set_version = case
                    when judged.change = 'restored' then judged.rule_set_version
                    else earned.rule_set_version
                end
            from judged
            where judged.change is not null
            and earned.peer_mentor_id = judged.peer_mentor_id
            and earned.org_id = judged.org_id
            and earned.badge_definition_id = judged.badge_definition_id
            and earned.tier = judged.tier
            and earned.occurrence = judged.occurrence
            returning
                earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
                earned.occurrence, earned.earned_at, earned.revoke_reason, judged.change
        ),
        told as (
            insert into badges.award_events (
                peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type,
                source, is_delivered_by_default, transaction_id, created_at, details
            )
            select
                peer_mentor_id, org_id, badge_definition_id, tier, occurrence, change, p_source,
                p_source <> 'backfill' and change <> 'redated', pg_current_xact_id(), v_now,
                jsonb_strip_nulls(
                    jsonb_build_object('earned_at', earned_at, 'reason', revoke_reason)
                )
            from changed
            order by peer_mentor_id, badge_definition_id, tier, occurrence
        )
        select array_agg(distinct
            row(peer_mentor_id, org_id, badge_definition_id, null, null)
                ::badges_internal.candidate
        )
        into v_changed
        from changed;
        v_badges := badges_internal._counting_badges(v_changed);
        if v_badges is not null then
            perform badges.apply_badge_rules(v_badges, p_source);
            perform badges_internal._redate_badges(v_badges, null, p_source);
        end if;
    end loop;
end;
$$;

comment on function badges_internal._settle_badges(badges_internal.candidate[], text) is
'Makes awards of revoke badges what their rules say now: taken back, given back or redated.';
