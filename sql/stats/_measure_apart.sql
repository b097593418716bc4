-- Measures rolling windows and sequences of the given people, and tells the badges in reach.
--
-- p_from, p_to: the local days that got activities, a pair a person; null = build the rows of
-- rolling windows anew from all activities. Windows that hold such a day are measured, by the index
-- on activities. Rows with negative values are always built anew: their best window may have
-- fallen. Sequences are measured anew. p_stats: the stats to look at, null = all of the
-- organizations. changed: of whom a moment that was counted before got another activity of a
-- sequence, so that what held then may hold no longer. The caller holds the base rows.
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
    v_from date[];
    v_to date[];
    v_measured record;
begin
    for v_defined in
        select defined.*
        from badges_internal.stat_definitions as defined
        where defined.org_id = any(p_org_ids)
        and (p_stats is null or defined.stat = any(p_stats))
        and coalesce((defined.route).rolling_days, (defined.route).sequence_size) is not null
        order by defined.org_id, defined.stat
    loop
        select
            array_agg(person.peer_mentor_id), array_agg(person.first_day),
            array_agg(person.last_day)
        into v_people, v_from, v_to
        from (
            select
                given.peer_mentor_id, min(given.first_day) as first_day,
                max(given.last_day) as last_day
            from unnest(p_peer_mentor_ids, p_org_ids, p_from, p_to)
                as given (peer_mentor_id, org_id, first_day, last_day)
            where given.org_id = v_defined.org_id
            group by given.peer_mentor_id
        ) as person;
        if (v_defined.route).sequence is null then
            candidates := candidates
                || badges_internal._roll_stat(v_defined, v_people, v_from, v_to);
            continue;
        elsif (v_defined.route).cap_unit is not null then
            v_measured := badges_internal._measure_capped(v_defined, v_people);
        else
            v_measured := badges_internal._measure_sequence(v_defined, v_people);
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
