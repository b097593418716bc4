-- Names an award in the default language: the tier's own name, else the badge's.
create or replace function badges_internal._award_name(
    p_definition badges.badge_definitions,
    p_tier text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(
            (
                select badges_internal._localized(tiered.tier -> 'name')
                from jsonb_array_elements(p_definition.criteria -> 'tiers') as tiered (tier)
                where tiered.tier ->> 'tier' = p_tier
            ),
            p_definition.name
        )
    );
end;
$$;

comment on function badges_internal._award_name(badges.badge_definitions, text) is
'Names an award in the default language: the tier''s own name, else the badge''s.';
