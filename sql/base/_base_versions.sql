-- Gives people's rule-set versions: that of the base row, and that of the organization now.
--
-- Looked up by the whole key, one by one: planned once, for values not known.
create or replace function badges_internal._base_versions(
    p_peer_mentor_ids uuid[],
    p_org_ids text[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    rule_set_version integer,
    current_version integer
)
language plpgsql
volatile
rows 1000
set plan_cache_mode = force_generic_plan
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        held.peer_mentor_id, held.org_id, held.rule_set_version, organization.rule_set_version
    from (
        select distinct given.peer_mentor_id, given.org_id
        from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
    ) as person
    join badges.organizations as organization on organization.org_id = person.org_id
    cross join lateral (
        select own.peer_mentor_id, own.org_id, own.rule_set_version
        from badges.peer_mentor_stats as own
        where own.peer_mentor_id = person.peer_mentor_id
        and own.org_id = person.org_id
        and own.stat = '*'
        and own.bucket = ''
        offset 0
    ) as held;
end;
$$;

comment on function badges_internal._base_versions(uuid[], text[]) is
'Gives people''s rule-set versions: that of the base row, and that of the organization now.';
