-- Finds those of the given people whose base row is of another version than their rule set.
create or replace function badges_internal._stale_people(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    out peer_mentor_ids uuid[],
    out org_ids text[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    select array_agg(person.peer_mentor_id), array_agg(person.org_id)
    into peer_mentor_ids, org_ids
    from badges_internal._base_versions(p_peer_mentor_ids, p_org_ids) as person
    where person.rule_set_version <> person.current_version;
end;
$$;

comment on function badges_internal._stale_people(uuid[], text[]) is
'Finds those of the given people whose base row is of another version than their rule set.';
