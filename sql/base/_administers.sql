-- Tells whether the caller may configure an organization: from the session, never from a parameter.
--
-- The acting role has the rights of pgmerit_admin or of the schema's owner; or the token that
-- PostgREST puts into request.jwt.claims names the organization in pgmerit_admin_of, at its top or
-- in app_metadata (which users cannot write themselves).
create or replace function badges_internal._administers(p_org_id text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_claims jsonb;
begin
    if badges_internal._is_administrator()
        or exists (
            select
            from pg_roles as held
            where held.rolname = 'pgmerit_admin'
            and pg_has_role(badges_internal._acting_role(), held.oid, 'usage')
        )
    then
        return true;
    end if;
    v_claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    return badges_internal._is_named_by(v_claims -> 'pgmerit_admin_of', p_org_id)
        or badges_internal._is_named_by(v_claims #> '{app_metadata,pgmerit_admin_of}', p_org_id);
exception
    -- Claims that are no JSON, or more of it than the server reads, name nobody.
    when data_exception or program_limit_exceeded then
        return false;
end;
$$;

comment on function badges_internal._administers(text) is
'Tells whether the caller may configure an organization: from the session, never from a parameter.';
