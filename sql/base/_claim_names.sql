-- Tells whether a claim of a token names an organization, at its top or in app_metadata.
--
-- Never user_metadata, which people write themselves.
create or replace function badges_internal._claim_names(
    p_claims jsonb,
    p_claim text,
    p_org_id text
)
returns boolean
language sql
immutable
return badges_internal._is_named_by(p_claims -> p_claim, p_org_id)
    or badges_internal._is_named_by(p_claims #> array['app_metadata', p_claim], p_org_id);

comment on function badges_internal._claim_names(jsonb, text, text) is
'Tells whether a claim of a token names an organization, at its top or in app_metadata.';
