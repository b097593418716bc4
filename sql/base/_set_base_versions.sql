-- Notes that people are built for the present version of their rule set.
--
-- And that the present transaction has counted from the table, as _mark_looked does.
-- Planned as _base_versions is. The caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._set_base_versions(
    p_peer_mentor_ids uuid[],
    p_org_ids text[]
)
returns void
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set search_path = pg_catalog, pg_temp
as $$
declare
    v_last_id constant bigint := badges_internal._last_activity_id();
begin
    update badges.peer_mentor_stats as held
    set
        rule_set_version = organization.rule_set_version,
        counted_in = pg_current_xact_id(),
        counted_upto = v_last_id
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.organizations as organization on organization.org_id = person.org_id
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = '*'
    and held.bucket = ''
    and held.rule_set_version <> organization.rule_set_version;
end;
$$;

comment on function badges_internal._set_base_versions(uuid[], text[]) is
'Notes that people are built for the present version of their rule set.';
