-- Gives the organizations that a person's own token asks for: the named one, or all that it has.
--
-- Raises: 42501 for a session without a person, or an organization that is not the token's: the
--         same whether or not there is such a one.
create or replace function badges_internal._require_own(p_org_id text)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_org_ids constant text[] := badges_internal._own_organizations();
begin
    if badges_internal._session_person() is null then
        raise exception 'nobody is signed in'
        using
            errcode = '42501',
            hint = 'Call this with a token: PostgREST puts its claims into request.jwt.claims, and '
                'the setting person_claim names the one that is the person.';
    end if;
    if p_org_id is not null and p_org_id <> all(v_org_ids) then
        raise exception 'the organization % is not yours', badges_internal._quoted(p_org_id)
        using
            errcode = '42501',
            hint = 'Leave p_org_id out for all of yours, or name one that the token''s '
                'pgmerit_orgs names.';
    end if;
    return case when p_org_id is null then v_org_ids else array[p_org_id] end;
end;
$$;

comment on function badges_internal._require_own(text) is
'Gives the organizations that a person''s own token asks for: the named one, or all that it has.';
