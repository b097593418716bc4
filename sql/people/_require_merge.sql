-- Gives into whom a person may be merged: the one named, or who that one was merged into since.
--
-- p_org_id null = in every organization.
--
-- Raises: 22023 for a merge into oneself, in a circle, or of somebody who is another already.
create or replace function badges_internal._require_merge(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_id text
)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from constant uuid := badges_internal._person_now(p_from_peer_mentor_id, p_org_id);
    v_into constant uuid := badges_internal._person_now(p_into_peer_mentor_id, p_org_id);
    v_problem text;
    v_hint text := 'Name two people.';
begin
    if p_from_peer_mentor_id = p_into_peer_mentor_id then
        v_problem := 'a person cannot be merged into themselves';
    elsif v_into = p_from_peer_mentor_id then
        v_problem := 'the second person was merged into the first, and no merge is undone';
        v_hint := 'Merge what is recorded for the second since into the first: name them the other '
            'way round.';
    elsif v_from not in (p_from_peer_mentor_id, v_into) then
        v_problem := format('the first person was merged into %s already', v_from);
        v_hint := format('Merge %s into the second person.', v_from);
    elsif p_org_id is null and exists (
        select
        from badges_internal.merged_people as merged
        where merged.org_id <> ''
        and (
            merged.peer_mentor_id = p_from_peer_mentor_id and merged.into_peer_mentor_id <> v_into
            or merged.peer_mentor_id = v_into
        )
    ) then
        v_problem := 'one of the two was merged into another in one organization';
        v_hint := 'Merge them organization by organization.';
    end if;
    if v_problem is not null then
        raise exception '%', v_problem using errcode = '22023', hint = v_hint;
    end if;
    return v_into;
end;
$$;

comment on function badges_internal._require_merge(uuid, uuid, text) is
'Gives into whom a person may be merged: the one named, or who that one was merged into since.';
