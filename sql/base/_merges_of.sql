-- Lists the merges by which a person is another one now.
--
-- p_org_id null = across organizations: only merges in all of them count. In line where it is
-- called from a FROM clause.
create or replace function badges_internal._merges_of(p_peer_mentor_id uuid, p_org_id text)
returns setof badges_internal.merged_people
language sql
stable
parallel safe
begin atomic
    select merged.*
    from badges_internal.merged_people as merged
    where merged.peer_mentor_id = p_peer_mentor_id
    and merged.org_id in ('', p_org_id);
end;

comment on function badges_internal._merges_of(uuid, text) is
'Lists the merges by which a person is another one now.';
