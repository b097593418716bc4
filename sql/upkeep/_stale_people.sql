-- Finds those of the given people whose base row is of another version than their rule set.
--
-- Planned for the arrays at hand: a plan made for a few people would look up the organization's
-- whole share of the base rows for many.
create or replace function badges_internal._stale_people(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    out peer_mentor_ids uuid[],
    out org_ids text[]
)
language plpgsql
volatile
set plan_cache_mode = force_custom_plan
set search_path = pg_catalog, pg_temp
as $$
begin
    select array_agg(held.peer_mentor_id), array_agg(held.org_id)
    into peer_mentor_ids, org_ids
    from (
        select distinct given.peer_mentor_id, given.org_id
        from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
    ) as person
    join badges.organizations as organization on organization.org_id = person.org_id
    join badges.peer_mentor_stats as held
        on held.peer_mentor_id = person.peer_mentor_id
        and held.org_id = person.org_id
        and held.stat = '*'
        and held.bucket = ''
        and held.rule_set_version <> organization.rule_set_version;
end;
$$;

comment on function badges_internal._stale_people(uuid[], text[]) is
'Finds those of the given people whose base row is of another version than their rule set.';
