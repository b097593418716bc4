-- Tells whether activities from a moment on may decide a badge with none_of anew for a person.
--
-- What was satisfied before that moment stays so. And where one activity is too many, nothing can
-- be satisfied after the first of them. p_occurred_at: null = activities of any moment changed.
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
    );
end;
$$;

comment on function badges_internal._may_decide_anew(uuid, text, text, timestamptz) is
'Tells whether activities from a moment on may decide a badge with none_of anew for a person.';
