-- Tells whether the caller may configure an organization: from the session, never from a parameter.
--
-- The acting role has the rights of pgmerit_admin or of the schema's owner; or the token that
-- PostgREST puts into request.jwt.claims names the organization in pgmerit_admin_of.
create or replace function badges_internal._administers(p_org_id text)
returns boolean
language sql
stable
return badges_internal._is_administrator()
    or badges_internal._has_rights_of('{pgmerit_admin}')
    or badges_internal._claim_names(
        badges_internal._session_claims(), 'pgmerit_admin_of', p_org_id
    );

comment on function badges_internal._administers(text) is
'Tells whether the caller may configure an organization: from the session, never from a parameter.';
