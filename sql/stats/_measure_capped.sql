-- Measures a capped stat of people anew from their activities, and tells of whom values fell.
--
-- changed: people with a negative value, so that what held may hold no longer. The caller holds the
-- base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._measure_capped(
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
    v_unit constant text := (p_defined.route).cap_unit;
    v_least constant numeric := (p_defined.thresholds).value_sum[1];
begin
    with valued as materialized (
        select
            found.*,
            badges_internal._unit_start(
                v_unit, max(found.activity_date) over (
                    partition by found.peer_mentor_id, found.bucket
                )
            ) as newest_unit
        from badges_internal._capped_values(p_defined, p_peer_mentor_ids, null) as found
    ),
    measured as materialized (
        select
            valued.peer_mentor_id, valued.bucket,
            count(*) as activity_count,
            sum(valued.added) as value_sum,
            bool_or(valued.value < 0) as has_negative,
            sum(valued.value) filter (where valued.activity_date >= valued.newest_unit)
                as value_last,
            max(valued.newest_unit) as run_end,
            min(valued.occurred_at) as first_at,
            max(valued.occurred_at) as last_at
        from valued
        group by valued.peer_mentor_id, valued.bucket
    ),
    kept as (
        insert into badges.peer_mentor_stats as held (
            peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, has_negative,
            value_last, run_end, first_at, last_at, next_sum
        )
        select
            measured.peer_mentor_id, v_org_id, v_stat, measured.bucket, measured.activity_count,
            measured.value_sum, measured.has_negative, measured.value_last, measured.run_end,
            measured.first_at, measured.last_at, v_least
        from measured
        order by measured.peer_mentor_id, measured.bucket
        on conflict (peer_mentor_id, org_id, stat, bucket) do update set
            activity_count = excluded.activity_count,
            value_sum = excluded.value_sum,
            has_negative = excluded.has_negative,
            value_last = excluded.value_last,
            run_end = excluded.run_end,
            first_at = excluded.first_at,
            last_at = excluded.last_at,
            -- What was passed is waited for again where the sum is less than it was.
            next_sum = case
                when excluded.value_sum >= held.value_sum then held.next_sum
                else excluded.next_sum
            end
    )
    select
        array_agg(
            row(measured.peer_mentor_id, v_org_id, v_stat, measured.bucket)
                ::badges_internal.stat_key
        ),
        array_agg(distinct measured.peer_mentor_id) filter (where measured.has_negative)
    into written, changed
    from measured;
end;
$$;

comment on function badges_internal._measure_capped(badges_internal.stat_definitions, uuid[]) is
'Measures a capped stat of people anew from their activities, and tells of whom values fell.';
