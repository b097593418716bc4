-- Builds stats of people from their activities in the cheapest way, and tells what they reach.
--
-- The caller holds the base rows, which carry the older versions still.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._build_stats(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_stats text[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_plain constant text[] := array(
        select defined.stat
        from badges_internal.stat_definitions as defined
        where defined.org_id = any(p_org_ids)
        and defined.stat = any(p_stats)
        group by defined.stat
        having not bool_or(
            defined.route is null
            or (defined.route).has_days
            or num_nonnulls(
                (defined.route).element_field, (defined.route).element_unit,
                (defined.route).rolling_days
            ) > 0
        )
    );
    v_others constant text[] := array(select unnest(p_stats) except select unnest(v_plain));
    v_reached badges_internal.candidate[];
    v_part record;
begin
    for v_part in
        select
            change.org_id, change.stat,
            array_agg(base.peer_mentor_id order by base.peer_mentor_id) as people,
            -- Below 0: days were rewritten, and something stands there.
            bool_and(base.rule_set_version between 0 and change.first_version - 1) as is_fresh
        from badges_internal._base_versions(p_peer_mentor_ids, p_org_ids) as base
        join badges_internal.stat_changes as change on change.org_id = base.org_id
        where change.stat = any(v_plain)
        group by change.org_id, change.stat
    loop
        v_reached := v_reached || badges_internal._build_stat(
            v_part.people, v_part.org_id, v_part.stat, v_part.is_fresh
        );
    end loop;
    if v_others <> '{}' then
        v_reached := v_reached || badges_internal._rebuild_people(
            p_peer_mentor_ids, p_org_ids, v_others
        );
    end if;
    return v_reached;
end;
$$;

comment on function badges_internal._build_stats(uuid[], text[], text[]) is
'Builds stats of people from their activities in the cheapest way, and tells what they reach.';
