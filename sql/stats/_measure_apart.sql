-- Measures rolling windows and sequences of the given people, and tells the badges in reach.
--
-- p_from, p_to, p_stats: docs of _roll_windows; sequences are measured anew. changed: of whom a
-- moment that was counted before got another activity of a sequence, so that what held then may
-- hold no longer. The caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._measure_apart(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_from date[],
    p_to date[],
    p_stats text[],
    out candidates badges_internal.candidate[],
    out changed badges_internal.late_person[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_defined badges_internal.stat_definitions;
    v_people uuid[];
    v_measured record;
begin
    candidates := badges_internal._roll_windows(
        p_peer_mentor_ids, p_org_ids, p_from, p_to, p_stats
    );
    for v_defined in
        select defined.*
        from badges_internal.stat_definitions as defined
        where defined.org_id = any(p_org_ids)
        and (p_stats is null or defined.stat = any(p_stats))
        and (defined.route).sequence is not null
        order by defined.org_id, defined.stat
    loop
        v_people := array(
            select distinct person.peer_mentor_id
            from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
            where person.org_id = v_defined.org_id
        );
        if (v_defined.route).cap_unit is not null then
            v_measured := badges_internal._measure_capped(v_defined, v_people);
        else
            v_measured := badges_internal._measure_sequence(v_defined, v_people, null);
        end if;
        candidates := candidates || badges_internal._cross_milestones(v_measured.written);
        changed := changed || (
            select array_agg(
                row(person.id, v_defined.org_id, '-infinity')::badges_internal.late_person
            )
            from unnest(v_measured.changed) as person (id)
        );
    end loop;
end;
$$;

comment on function badges_internal._measure_apart(
    uuid[], text[], date[], date[], text[]
) is
'Measures rolling windows and sequences of the given people, and tells the badges in reach.';
