-- Tells whether a token's claim names an organization.
--
-- A claim is a slug, an array of slugs, or an object in which the slug is true. Any other shape
-- names nobody.
create or replace function badges_internal._is_named_by(p_claim jsonb, p_org_id text)
returns boolean
language sql
immutable
return coalesce(
    case jsonb_typeof(p_claim)
        when 'object' then p_claim -> p_org_id = 'true'
        when 'string' then p_claim ? p_org_id
        when 'array' then
            p_claim ? p_org_id
            and not jsonb_path_exists(p_claim, 'strict $[*] ? (@.type() <> "string")')
    end,
    false
);

comment on function badges_internal._is_named_by(jsonb, text) is
'Tells whether a token''s claim names an organization.';
