-- Refuses who may not export, erase or merge people of an organization, null = of all of them.
--
-- Asked before anything is looked up: it tells nothing of what there is.
--
-- Raises: 42501 when the caller does not administer the organization, 22023 for nobody, 23503
--         unknown organization.
create or replace function badges_internal._require_people(
    p_peer_mentor_ids uuid[],
    p_org_id text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_administration(p_org_id);
    if exists (
        select
        from unnest(p_peer_mentor_ids) as given (peer_mentor_id)
        where given.peer_mentor_id is null
        or given.peer_mentor_id = '00000000-0000-0000-0000-000000000000'
    ) then
        raise exception 'a person is needed, and nobody is named'
        using
            errcode = '22023',
            column = 'peer_mentor_id',
            hint = 'Give the person''s uuid; that of zeros alone is nobody''s.';
    end if;
    if p_org_id is not null then
        perform badges_internal._require_organization(p_org_id);
    end if;
end;
$$;

comment on function badges_internal._require_people(uuid[], text) is
'Refuses who may not export, erase or merge people of an organization, null = of all of them.';
