-- Builds stats of people from their activities in the cheapest way, and tells what they reach.
--
-- p_base_rows: which transactions wrote the base rows last, null = not known. The caller holds the
-- base rows, which carry the older versions still.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._build_stats(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_base_rows xid[],
    p_stats text[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_plain constant text[] := badges_internal._plain_stats(p_org_ids, p_stats);
    v_others constant text[] := array(select unnest(p_stats) except select unnest(v_plain));
    v_reached badges_internal.candidate[];
    v_part record;
begin
    for v_part in
        select
            change.org_id, change.stat,
            array_agg(person.peer_mentor_id order by person.peer_mentor_id) as people,
            array_agg(person.base_row order by person.peer_mentor_id)
                filter (where person.base_row is not null) as base_rows
        from unnest(p_peer_mentor_ids, p_org_ids, p_base_rows)
            as person (peer_mentor_id, org_id, base_row)
        join badges_internal.stat_changes as change on change.org_id = person.org_id
        where change.stat = any(v_plain)
        group by change.org_id, change.stat
    loop
        v_reached := v_reached || badges_internal._build_stat(
            v_part.people, v_part.base_rows, v_part.org_id, v_part.stat
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

comment on function badges_internal._build_stats(uuid[], text[], xid[], text[]) is
'Builds stats of people from their activities in the cheapest way, and tells what they reach.';
