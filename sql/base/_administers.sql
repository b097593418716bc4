-- Tells whether the caller may configure an organization: from the session, never from a parameter.
--
-- The role, as it was set or logged in, may act as pgmerit_admin or owns the schema; or the token
-- that PostgREST puts into request.jwt.claims names the organization in pgmerit_admin_of, at its
-- top or in app_metadata (which users cannot write themselves).
create or replace function badges_internal._administers(p_org_id text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role constant name := coalesce(
        nullif(current_setting('role'), 'none'), session_user
    );
    v_claims jsonb;
begin
    if exists (
        select
        from pg_roles as held
        where (
            held.rolname = 'pgmerit_admin'
            or held.oid = (
                select schema.nspowner from pg_namespace as schema where schema.nspname = 'badges'
            )
        )
        and pg_has_role(v_role, held.oid, 'usage')
    ) then
        return true;
    end if;
    v_claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    return coalesce(
        v_claims -> 'pgmerit_admin_of' ? p_org_id
        or v_claims #> '{app_metadata,pgmerit_admin_of}' ? p_org_id,
        false
    );
exception
    when invalid_text_representation then
        return false;
end;
$$;

comment on function badges_internal._administers(text) is
'Tells whether the caller may configure an organization: from the session, never from a parameter.';
