-- Has the ids of one person mean another from now on, and tells whether that is new.
--
-- Who was merged into the one before is merged into the other: chains are never longer than one
-- step. An external id is of no organization: it means the other where all of them are merged.
-- The caller holds badges_internal.merged_people.
--
-- Writes: badges.external_ids, badges_internal.merged_people.
create or replace function badges_internal._merge_names(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_id text
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_org constant text := coalesce(p_org_id, '');
begin
    if badges_internal._person_now(p_from_peer_mentor_id, p_org_id) = p_into_peer_mentor_id then
        return false;
    end if;
    if p_org_id is null then
        insert into badges.external_ids (peer_mentor_id, namespace, external_id)
        select p_into_peer_mentor_id, named.namespace, named.external_id
        from badges.external_ids as named
        where named.peer_mentor_id = p_from_peer_mentor_id
        on conflict (peer_mentor_id, namespace, external_id) do nothing;
        delete from badges.external_ids as named
        where named.peer_mentor_id = p_from_peer_mentor_id;
        -- In one organization they were one already.
        delete from badges_internal.merged_people as merged
        where merged.peer_mentor_id = p_from_peer_mentor_id;
    end if;
    update badges_internal.merged_people as merged
    set into_peer_mentor_id = p_into_peer_mentor_id
    where merged.into_peer_mentor_id = p_from_peer_mentor_id
    and (p_org_id is null or merged.org_id = v_org);
    insert into badges_internal.merged_people (
        peer_mentor_id, org_id, into_peer_mentor_id, merged_at
    )
    select p_from_peer_mentor_id, v_org, p_into_peer_mentor_id, clock_timestamp()
    union all
    select merged.peer_mentor_id, v_org, p_into_peer_mentor_id, clock_timestamp()
    from badges_internal.merged_people as merged
    where merged.into_peer_mentor_id = p_from_peer_mentor_id
    and merged.org_id = ''
    on conflict (peer_mentor_id, org_id) do nothing;
    return true;
end;
$$;

comment on function badges_internal._merge_names(uuid, uuid, text) is
'Has the ids of one person mean another from now on, and tells whether that is new.';
