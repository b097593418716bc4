-- Refuses who may not see a person in an organization; p_peer_mentor_id null = all its people.
--
-- The acting role reads everything, the token is that person's, or it administers the organization.
-- The first thing that a routine does which runs as its owner: what comes after tells whether an
-- organization, a badge or a person exists. The answer is the same whether or not they do.
--
-- Raises: 42501.
create or replace function badges_internal._require_view(p_peer_mentor_id uuid, p_org_id text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if badges_internal._has_rights_of('{pgmerit_reader,pgmerit_writer,pgmerit_admin}')
        or badges_internal._is_administrator()
        or p_org_id = any(badges_internal._administered_organizations())
        or (
            p_peer_mentor_id = badges_internal._session_person()
            and p_org_id = any(badges_internal._own_organizations())
        )
    then
        return;
    end if;
    raise exception 'you may not see this'
    using
        errcode = '42501',
        hint = 'A member of pgmerit_reader may, the person''s own token, or one whose '
            'pgmerit_admin_of names the organization.';
end;
$$;

comment on function badges_internal._require_view(uuid, text) is
'Refuses who may not see a person in an organization; p_peer_mentor_id null = all its people.';
