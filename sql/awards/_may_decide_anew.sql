-- Tells whether activities from a moment on may decide a badge with none_of anew for a person.
--
-- What was satisfied before that moment stays so. Where one activity is too many, nothing can be
-- satisfied after the first of them; nor at any moment where the best value of another part is too
-- low: badges of values that fell are looked at anyhow. p_occurred_at: null = activities of any
-- moment changed.
create or replace function badges_internal._may_decide_anew(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_earned_at constant timestamptz := (
        select earned.earned_at
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = p_badge_definition_id
        and earned.org_id = p_org_id
        -- An earlier version may have given tiers, or the badge more than once.
        and earned.tier = ''
        and earned.occurrence = 1
        and earned.revoked_at is null
    );
begin
    if p_occurred_at is null then
        return true;
    elsif v_earned_at is not null then
        return v_earned_at >= p_occurred_at;
    end if;
    return not exists (
        select
        from badges_internal.condition_groups as barring
        join badges_internal.milestones as milestone
            on milestone.org_id = barring.org_id
            and milestone.badge_definition_id = barring.badge_definition_id
            and milestone.parent = barring.node
            and milestone.measure = 'count'
            and milestone.threshold <= 1
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = barring.org_id
            and held.stat = milestone.stat
            and held.first_at <= p_occurred_at
        where barring.org_id = p_org_id
        and barring.badge_definition_id = p_badge_definition_id
        and barring.kind = 'none_of'
        and barring.depth = 1
    ) and not exists (
        select
        from badges_internal.condition_groups as whole
        join badges_internal.milestones as part
            on part.org_id = whole.org_id
            and part.badge_definition_id = whole.badge_definition_id
            and part.parent = whole.node
            and part.stat is not null
            and part.measure not in ('tenure', 'lapse')
        where whole.org_id = p_org_id
        and whole.badge_definition_id = p_badge_definition_id
        and whole.kind = 'all_of'
        and whole.depth = 0
        and not exists (
            select
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = part.stat
            and badges_internal._measured(held, part.measure) >= part.threshold
        )
    );
end;
$$;

comment on function badges_internal._may_decide_anew(uuid, text, text, timestamptz) is
'Tells whether activities from a moment on may decide a badge with none_of anew for a person.';
