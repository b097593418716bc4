-- Names an award: the tier's own name, else the badge's.
--
-- p_language: null = the default language; so is one that the text does not have.
create or replace function badges_internal._award_name(
    p_definition badges.badge_definitions,
    p_tier text,
    p_language text default null
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        (
            select badges_internal._text_in(
                case when jsonb_typeof(tiered.tier -> 'name') = 'object'
                    then tiered.tier -> 'name' end,
                p_language,
                badges_internal._localized(tiered.tier -> 'name')
            )
            from jsonb_array_elements(p_definition.criteria -> 'tiers') as tiered (tier)
            where tiered.tier ->> 'tier' = p_tier
        ),
        badges_internal._text_in(
            p_definition.translations -> 'name', p_language, p_definition.name
        )
    );
end;
$$;

comment on function badges_internal._award_name(badges.badge_definitions, text, text) is
'Names an award: the tier''s own name, else the badge''s.';
