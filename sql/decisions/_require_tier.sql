-- Gives the tier to award by hand: the badge's own name for it, '' for a badge without tiers.
--
-- Raises: 22023 for a tier the badge does not have, or none where it has some.
create or replace function badges_internal._require_tier(
    p_definition badges.badge_definitions,
    p_tier text
)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_tiers constant text[] := array(
        select tiered.tier ->> 'tier'
        from jsonb_array_elements(p_definition.criteria -> 'tiers') as tiered (tier)
    );
begin
    if coalesce(p_tier, '') = any (case when v_tiers = '{}' then array[''] else v_tiers end) then
        return coalesce(p_tier, '');
    end if;
    raise exception 'badge "%" has no tier %', p_definition.badge_definition_id,
        badges_internal._quoted(coalesce(p_tier, ''))
    using
        errcode = '22023',
        table = 'earned_badges',
        column = 'tier',
        hint = case
            when v_tiers = '{}' then 'The badge has no tiers: leave the tier out.'
            else 'Its tiers: ' || array_to_string(v_tiers, ', ') || '.'
        end;
end;
$$;

comment on function badges_internal._require_tier(badges.badge_definitions, text) is
'Gives the tier to award by hand: the badge''s own name for it, '''' for a badge without tiers.';
