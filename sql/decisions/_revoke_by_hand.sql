-- Marks held awards of a person as revoked by a person and gives their rows, null where none is.
--
-- p_tier, p_occurrence: null = all. The caller holds the person's base row.
--
-- Writes: badges.earned_badges.
create or replace function badges_internal._revoke_by_hand(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_tier text,
    p_occurrence integer,
    p_reason text
)
returns badges.earned_badges[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_revoked badges.earned_badges[];
begin
    with revoked as (
        update badges.earned_badges as earned
        set revoked_at = v_now, revoked_by = 'person', revoke_reason = p_reason
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = p_badge_definition_id
        and earned.org_id = p_org_id
        and earned.tier = coalesce(p_tier, earned.tier)
        and earned.occurrence = coalesce(p_occurrence, earned.occurrence)
        and earned.revoked_at is null
        returning earned.*
    )
    select array_agg(row(revoked.*)::badges.earned_badges)
    into v_revoked
    from revoked;
    return v_revoked;
end;
$$;

comment on function badges_internal._revoke_by_hand(uuid, text, text, text, integer, text) is
'Marks held awards of a person as revoked by a person and gives their rows, null where none is.';
