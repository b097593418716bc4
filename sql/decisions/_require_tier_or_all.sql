-- Gives the tier that is meant, null for every tier, or refuses one that the badge does not have.
--
-- Raises: 22023 for a tier the badge does not have.
create or replace function badges_internal._require_tier_or_all(
    p_definition badges.badge_definitions,
    p_tier text
)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(p_tier, '') = '' then
        return null;
    end if;
    return badges_internal._require_tier(p_definition, p_tier);
end;
$$;

comment on function badges_internal._require_tier_or_all(badges.badge_definitions, text) is
'Gives the tier that is meant, null for every tier, or refuses one that the badge does not have.';
