-- Restores a revoked award by hand and gives its row, null where there is none.
--
-- The caller holds the person's base row.
--
-- Writes: badges.earned_badges.
create or replace function badges_internal._restore_by_hand(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_tier text
)
returns badges.earned_badges[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_restored badges.earned_badges[];
begin
    with restored as (
        update badges.earned_badges as earned
        set
            revoked_at = null,
            revoked_by = null,
            revoke_reason = null,
            -- A rule that takes back would do so again at once.
            source = case
                when definition.on_unmet = 'revoke' and not exists (
                    select
                    from unnest(badges_internal._evaluate_badges(
                        array[row(
                            p_peer_mentor_id, p_org_id, p_badge_definition_id, null, null
                        )::badges_internal.candidate],
                        true
                    )) as holding
                    where holding.tier = p_tier
                    and holding.occurrence = 1
                ) or definition.on_unmet = 'lapse' and not exists (
                    select
                    from badges_internal._held_now(
                        array[p_peer_mentor_id], array[p_org_id], array[p_badge_definition_id]
                    ) as now
                    where now.tier = p_tier
                    and now.held_since is not null
                ) then 'manual'
                else earned.source
            end
        from badges.badge_definitions as definition
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = p_badge_definition_id
        and earned.org_id = p_org_id
        and earned.tier = p_tier
        and earned.occurrence = 1
        and earned.revoked_at is not null
        and definition.badge_definition_id = earned.badge_definition_id
        returning earned.*
    )
    select array_agg(row(restored.*)::badges.earned_badges)
    into v_restored
    from restored;
    return v_restored;
end;
$$;

comment on function badges_internal._restore_by_hand(uuid, text, text, text) is
'Restores a revoked award by hand and gives its row, null where there is none.';
