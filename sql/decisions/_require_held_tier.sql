-- Gives the tier to take back: one that the person has, be it no longer of the badge, or one of it.
--
-- Raises: 22023 for a tier that neither the badge nor the person has.
create or replace function badges_internal._require_held_tier(
    p_definition badges.badge_definitions,
    p_peer_mentor_id uuid,
    p_org_id text,
    p_tier text
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = p_definition.badge_definition_id
        and earned.org_id = p_org_id
        and earned.tier = coalesce(p_tier, '')
    ) then
        return coalesce(p_tier, '');
    end if;
    return badges_internal._require_tier(p_definition, p_tier);
end;
$$;
