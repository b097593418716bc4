-- Recomputes stats of the given people from their activities, and tells the badges now in reach.
--
-- p_stats: the stats to recompute, null = all. The caller holds the base rows. A person without
-- activities is left without rows.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._rebuild_people(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_stats text[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_few badges.activities[];
    v_planning text[];
    v_result badges_internal.fold_result;
begin
    delete from badges_internal.stat_elements as element
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where element.peer_mentor_id = person.peer_mentor_id
    and element.org_id = person.org_id
    and (p_stats is null or element.stat = any(p_stats));

    delete from badges.peer_mentor_stats as held
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat <> '*'
    and (p_stats is null or held.stat = any(p_stats));

    -- The base row stays: it is the lock.
    update badges.peer_mentor_stats as held
    set activity_count = 0, value_sum = 0, value_max = null, has_negative = false,
        active_days = 0, distinct_count = null, day_run = null, week_run = null,
        month_run = null, longest_day_run = null, longest_week_run = null,
        longest_month_run = null, run_end = null, first_at = null,
        last_at = null, last_date = null, counted_in = pg_current_xact_id(),
        counted_upto = badges_internal._last_activity_id()
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = '*'
    and held.bucket = ''
    and (p_stats is null or '*' = any(p_stats));

    select array_agg(person.peer_mentor_id), array_agg(person.org_id)
    into v_people, v_orgs
    from (
        select distinct peer_mentor_id, org_id
        from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
        order by peer_mentor_id, org_id
    ) as person;
    v_few := array(
        select own.activity
        from unnest(v_people, v_orgs) as person (peer_mentor_id, org_id)
        cross join lateral (
            select a as activity
            from badges.activities as a
            where a.peer_mentor_id = person.peer_mentor_id
            and a.org_id = person.org_id
            limit 501
        ) as own
        limit 501
    );
    if cardinality(v_few) <= 500 then
        v_result := badges_internal._fold_few(p_stats, v_people, v_orgs, true, v_few);
    else
        v_planning := badges_internal._plan_for_sets();
        execute badges_internal._fold_statement('cross join lateral (
            select own.*
            from badges.activities as own
            where own.peer_mentor_id = person.peer_mentor_id
            and own.org_id = person.org_id
            offset 0
        ) as a')
        into v_result
        using p_stats, v_people, v_orgs, true;
        perform badges_internal._plan_for_sets(v_planning);
    end if;

    delete from badges.peer_mentor_stats as held
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = '*'
    and held.activity_count = 0;
    return v_result.candidates
        || badges_internal._place_unit_runs(v_result.unit_changes)
        || (badges_internal._measure_apart(
            p_peer_mentor_ids, p_org_ids, null, null, p_stats
        )).candidates;
end;
$$;

comment on function badges_internal._rebuild_people(uuid[], text[], text[]) is
'Recomputes stats of the given people from their activities, and tells the badges now in reach.';
