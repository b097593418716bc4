-- Finds those of the given people whose base row is of another version than their rule set.
--
-- By the whole key, a person at a time: by the partial index on base rows, which is not sorted by
-- person, a plan would look up the organization's whole share of them for each.
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
    from (
        select distinct given.peer_mentor_id, given.org_id
        from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
    ) as person
    join badges.organizations as organization on organization.org_id = person.org_id
    cross join (select '*'::text as stat offset 0) as base
    cross join lateral (
        select own.rule_set_version
        from badges.peer_mentor_stats as own
        where own.peer_mentor_id = person.peer_mentor_id
        and own.org_id = person.org_id
        and own.stat = base.stat
        and own.bucket = ''
        offset 0
    ) as held
    where held.rule_set_version <> organization.rule_set_version;
end;
$$;

comment on function badges_internal._stale_people(uuid[], text[]) is
'Finds those of the given people whose base row is of another version than their rule set.';
