-- Lists the badges that people have to be looked at for, since their version asked otherwise.
--
-- p_oldest_orgs, p_oldest_versions: what nobody of an organization is older than. p_rebuilt_stats:
-- stats that are built anew, null = all; they tell themselves what they reach. The caller holds the
-- base rows, which carry the older versions still.
create or replace function badges_internal._badges_asked_anew(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_oldest_orgs text[],
    p_oldest_versions integer[],
    p_rebuilt_stats text[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
begin
    return (
        with due as materialized (
            select milestone.*, milestone.measure = 'badges' and milestone.badge_ids is null
                as counts_any
            from unnest(p_oldest_orgs, p_oldest_versions) as oldest (org_id, version)
            join badges_internal.milestones as milestone on milestone.org_id = oldest.org_id
            where (
                milestone.since_version > oldest.version
                or milestone.measure = 'badges' and milestone.badge_ids is null
            )
                and (
                milestone.measure in ('tenure', 'badges', 'raw')
                or milestone.stat <> all(p_rebuilt_stats)
            )
        ),
        people as (
            select *
            from badges_internal._base_versions(p_peer_mentor_ids, p_org_ids)
            where exists (select from due)
        )
        select array_agg(distinct row(
            people.peer_mentor_id, people.org_id, due.badge_definition_id, null, null
        )::badges_internal.candidate)
        from people
        join due
            on due.org_id = people.org_id
            -- What a badge counts that lists no badges may change with any badge's category.
            and (
                due.since_version > people.rule_set_version
                or due.counts_any and people.rule_set_version <> people.current_version
            )
    );
end;
$$;

comment on function badges_internal._badges_asked_anew(uuid[], text[], text[], integer[], text[]) is
'Lists the badges that people have to be looked at for, since their version asked otherwise.';
