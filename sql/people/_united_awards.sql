-- Gives the awards of two people as one of them has them once they are one, in some organizations.
--
-- What either holds is held, with the earliest moment at which either earned it; what both lost
-- stays lost, by a person's word rather than a rule's. What a person gave or took over stays so,
-- since no rule takes it back. Seen is what either saw. Denials are not looked at.
create or replace function badges_internal._united_awards(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_ids text[]
)
returns setof badges.earned_badges
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with either as (
        select
            earned as award, earned.badge_definition_id, earned.org_id, earned.tier,
            earned.occurrence,
            bool_or(earned.revoked_at is null) over (
                partition by
                    earned.badge_definition_id, earned.org_id, earned.tier, earned.occurrence
            ) as is_held
        from badges.earned_badges as earned
        where earned.peer_mentor_id in (p_from_peer_mentor_id, p_into_peer_mentor_id)
        and earned.org_id = any(p_org_ids)
    ),
    united as (
        select
            badge_definition_id, org_id, tier, occurrence,
            array_agg(award order by (award).earned_at, (award).peer_mentor_id) as awards,
            array_agg(
                award order by (award).revoked_by = 'person' desc, (award).revoked_at desc
            ) as losses,
            min((award).granted_at) as granted_at,
            min((award).seen_at) as seen_at,
            bool_or((award).source = 'manual') as is_manual,
            bool_or((award).source = 'import') as is_import
        from either
        where (award).revoked_at is null or not is_held
        group by badge_definition_id, org_id, tier, occurrence
    )
    select
        p_into_peer_mentor_id, united.badge_definition_id, united.org_id, united.tier,
        united.occurrence, (united.awards[1]).earned_at, united.granted_at,
        (united.awards[1]).activity_id, (united.awards[1]).threshold,
        (united.awards[1]).threshold_source, (united.awards[1]).rule_set,
        (united.awards[1]).rule_set_version,
        badges.derive_idempotency_key(
            p_into_peer_mentor_id, united.badge_definition_id, united.org_id, united.tier,
            united.occurrence
        ),
        case
            when united.is_manual then 'manual'
            when united.is_import then 'import'
            else (united.awards[1]).source
        end,
        (united.losses[1]).revoked_at, (united.losses[1]).revoked_by,
        (united.losses[1]).revoke_reason, united.seen_at
    from united;
$$;

comment on function badges_internal._united_awards(uuid, uuid, text[]) is
'Gives the awards of two people as one of them has them once they are one, in some organizations.';
