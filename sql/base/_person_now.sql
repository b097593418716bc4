-- Gives who a person is now: the one merged into, else the same person.
--
-- p_org_id null = across organizations: only merges in all of them count.
create or replace function badges_internal._person_now(
    p_peer_mentor_id uuid,
    p_org_id text default null
)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        (
            select merged.into_peer_mentor_id
            from badges_internal._merges_of(p_peer_mentor_id, p_org_id) as merged
            order by merged.org_id desc
            limit 1
        ),
        p_peer_mentor_id
    );
end;
$$;

comment on function badges_internal._person_now(uuid, text) is
'Gives who a person is now: the one merged into, else the same person.';
