-- Sifts milestones that one activity crossed by what was held of them when the statement began.
--
-- p_occurred_at, p_activity_id: of the activity, null for a late one. p_awarded: what the statement
-- has awarded of them. Left out is what is denied, or held and settled: not taken back, and not
-- dated later.
create or replace function badges_internal._left_to_decide(
    p_peer_mentor_id uuid,
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_milestones badges_internal.milestones[],
    p_awarded badges_internal.dated_award[]
)
returns badges_internal.left_crossings
language plpgsql
stable
as $$
declare
    v_left badges_internal.left_crossings;
begin
    select
        array_agg(row(
            p_peer_mentor_id, crossed.org_id, crossed.badge_definition_id, crossed.tier,
            crossed.occurrence, p_occurred_at, p_activity_id, crossed.threshold,
            crossed.threshold_source
        )::badges_internal.dated_award) filter (
            where crossed.is_alone
            and earned.is_held is null
            and (crossed.badge_definition_id, crossed.tier, crossed.occurrence) not in (
                select awarded.badge_definition_id, awarded.tier, awarded.occurrence
                from unnest(p_awarded) as awarded
            )
        ),
        array_agg(distinct row(
            p_peer_mentor_id, crossed.org_id, crossed.badge_definition_id, p_occurred_at,
            p_activity_id
        )::badges_internal.candidate) filter (
            where not crossed.is_alone or crossed.is_counted or earned.is_unsettled
        )
    into v_left
    from unnest(p_milestones) as crossed
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
        and own.badge_definition_id = crossed.badge_definition_id
        and own.org_id = crossed.org_id
        and own.tier = crossed.tier
        and own.occurrence = crossed.occurrence
        offset 0
    ) as earned on true
    where (earned.is_unsettled or earned.is_held is null)
    and not exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = p_peer_mentor_id
        and denial.org_id = crossed.org_id
        and denial.badge_definition_id = crossed.badge_definition_id
        and denial.tier in ('', crossed.tier)
    );
    return v_left;
end;
$$;

comment on function badges_internal._left_to_decide(
    uuid, timestamptz, bigint, badges_internal.milestones[], badges_internal.dated_award[]
) is
'Sifts milestones that one activity crossed by what was held of them when the statement began.';
