-- Lists the badges that people have to be looked at for, since their version asked otherwise.
--
-- p_rebuilt_stats: stats that are built anew, null = all; they tell themselves what they reach. The
-- caller holds the base rows, which carry the older versions still.
create or replace function badges_internal._badges_asked_anew(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
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
        with people as materialized (
            select *
            from badges_internal._base_versions(p_peer_mentor_ids, p_org_ids)
        ),
        due as materialized (
            select milestone.*, milestone.measure = 'badges' and milestone.badge_ids is null
                as counts_any
            from (
                select people.org_id, min(people.rule_set_version) as version
                from people
                group by people.org_id
            ) as oldest
            join badges_internal.milestones as milestone on milestone.org_id = oldest.org_id
            where (
                milestone.since_version > oldest.version
                or milestone.measure = 'badges' and milestone.badge_ids is null
            )
                and (
                milestone.measure in ('tenure', 'badges', 'raw')
                or milestone.stat <> all(p_rebuilt_stats)
            )
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
