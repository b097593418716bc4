-- Measures a sequence of people anew from their activities, and tells whose beginning has changed.
--
-- changed: people of whom a moment that was counted before got another activity, so that what held
-- then may hold no longer. The caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._measure_sequence(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    out written badges_internal.stat_key[],
    out changed uuid[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_org_id constant text := p_defined.org_id;
    v_stat constant text := p_defined.stat;
    v_least constant numeric := (p_defined.thresholds).value_max[1];
    v_size constant integer := case
        when (p_defined.route).sequence = 'share_of_last' then (p_defined.route).sequence_size
    end;
begin
    with valued as materialized (
        select
            found.*,
            row_number() over (
                partition by found.peer_mentor_id
                order by found.occurred_at desc, found.qualifies desc
            ) as age
        from badges_internal._sequence_values(p_defined, p_peer_mentor_ids, null) as found
    ),
    stood as materialized (
        select held.peer_mentor_id, held.activity_count, held.last_at
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = any(p_peer_mentor_ids)
        and held.org_id = v_org_id
        and held.stat = v_stat
    ),
    measured as materialized (
        select
            valued.peer_mentor_id,
            count(*) as activity_count,
            sum(valued.qualifies) as value_sum,
            max(valued.value) as value_max,
            max(valued.value) filter (where valued.age = 1) as value_last,
            string_agg(valued.qualifies::text, '' order by valued.age desc)
                filter (where valued.age <= v_size)::varbit as lately,
            min(valued.occurred_at) as first_at,
            max(valued.occurred_at) as last_at,
            count(*) filter (where valued.occurred_at <= stood.last_at) > max(stood.activity_count)
                as is_changed
        from valued
        left join stood using (peer_mentor_id)
        group by valued.peer_mentor_id
    ),
    kept as (
        insert into badges.peer_mentor_stats as held (
            peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max, value_last,
            lately, first_at, last_at, next_max
        )
        select
            measured.peer_mentor_id, v_org_id, v_stat, '', measured.activity_count,
            measured.value_sum, measured.value_max, measured.value_last, measured.lately,
            measured.first_at, measured.last_at, v_least
        from measured
        order by measured.peer_mentor_id
        on conflict (peer_mentor_id, org_id, stat, bucket) do update set
            activity_count = excluded.activity_count,
            value_sum = excluded.value_sum,
            value_max = excluded.value_max,
            value_last = excluded.value_last,
            lately = excluded.lately,
            first_at = excluded.first_at,
            last_at = excluded.last_at,
            -- What was passed is waited for again where the best is less than it was.
            next_max = case
                when excluded.value_max >= held.value_max or held.value_max is null
                    then held.next_max
                else excluded.next_max
            end
    )
    select
        array_agg(row(measured.peer_mentor_id, v_org_id, v_stat, '')::badges_internal.stat_key),
        array_agg(measured.peer_mentor_id) filter (where measured.is_changed)
    into written, changed
    from measured;
end;
$$;

comment on function badges_internal._measure_sequence(
    badges_internal.stat_definitions, uuid[]
) is
'Measures a sequence of people anew from their activities, and tells whose beginning has changed.';
