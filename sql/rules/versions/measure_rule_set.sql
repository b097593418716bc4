-- Measures ahead, in one pass over the activities, what the current version asks of many people.
--
-- Call it once before the batches of backfill_rule_set, in a transaction of its own: it locks
-- nobody. The batches take from it whom nobody has written for since, and measure the others
-- themselves. Does nothing where few wait, or where more than counts, sums and maxima are new.
-- Gives how many parts of people's stats it measured.
--
-- Writes: badges_internal.measured_ahead, and as _begin_batch.
-- Raises: 22023 for an unknown rule set.
create or replace function badges.measure_rule_set(p_rule_set text)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set work_mem = '64MB'
as $$
declare
    v_orgs constant text[] := array(
        select organization.org_id
        from badges.organizations as organization
        where organization.rule_set = p_rule_set
    );
    v_stats text[];
    v_part record;
    v_count bigint;
    v_measured bigint := 0;
begin
    perform badges_internal._require_rule_set(p_rule_set);
    perform badges_internal._begin_batch();
    perform badges_internal._hold_rules();
    delete from badges_internal.measured_ahead as ahead
    where ahead.org_id = any(v_orgs);
    if 8 * badges_internal._count_waiting_people(p_rule_set) < (
        select count(*)
        from badges.peer_mentor_stats as base
        where base.org_id = any(v_orgs)
        and base.rule_set_version is not null
    ) then
        return 0;
    end if;
    v_stats := array(
        select distinct change.stat
        from unnest(v_orgs) as org (org_id)
        join badges_internal.stat_definitions as defined on defined.org_id = org.org_id
        join badges_internal.stat_changes as change
            on change.org_id = defined.org_id
            and change.stat = defined.stat
        cross join lateral (
            select min(base.rule_set_version) as version
            from badges.peer_mentor_stats as base
            where base.org_id = org.org_id
            and base.rule_set_version is not null
        ) as oldest
        where change.stat >= '~'
        and change.version > oldest.version
        and defined.since_version > oldest.version
    );
    if badges_internal._plain_stats(v_orgs, v_stats) @> v_stats then
        for v_part in
            select defined.stat, array_agg(defined.org_id) as org_ids
            from badges_internal.stat_definitions as defined
            where defined.org_id = any(v_orgs)
            and defined.stat = any(v_stats)
            group by defined.stat, (defined.route).clock_zone, (defined.route).window_unit
        loop
            -- The base rows are read before the activities, by an older snapshot: who writes in
            -- between is found out.
            insert into badges_internal.measured_ahead (
                peer_mentor_id, org_id, stat, bucket, rule_set_version, base_row, activity_count,
                value_sum, value_max, has_negative, first_at, last_at, place, reached_at,
                reached_id
            )
            select
                base.peer_mentor_id, base.org_id, v_part.stat, coalesce(measured.bucket, ''),
                organization.rule_set_version, base.xmin, coalesce(measured.activity_count, 0),
                measured.value_sum, measured.value_max, measured.has_negative, measured.first_at,
                measured.last_at, measured.place, measured.reached_at, measured.reached_id
            from badges.organizations as organization
            join badges.peer_mentor_stats as base
                on base.org_id = organization.org_id
                and base.rule_set_version < organization.rule_set_version
            left join badges_internal._measured_parts(null, v_part.org_ids, v_part.stat) as measured
                on measured.peer_mentor_id = base.peer_mentor_id
                and measured.org_id = base.org_id
            where organization.org_id = any(v_part.org_ids)
            order by base.peer_mentor_id, base.org_id
            on conflict (peer_mentor_id, org_id, stat, bucket) do nothing;
            get diagnostics v_count = row_count;
            v_measured := v_measured + v_count;
        end loop;
    end if;
    return v_measured;
end;
$$;

comment on function badges.measure_rule_set(text) is
'Measures ahead, in one pass over the activities, what the current version asks of many people.';
