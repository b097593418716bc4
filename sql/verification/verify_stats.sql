-- Names every difference between the snapshot and a recomputation from the activities.
--
-- Shares no code with the triggers and reads selectors, not what was compiled from them. Measure
-- is a column of peer_mentor_stats, 'row' where a row is missing or too many, or 'element VALUE'
-- where a value or unit is wrongly counted or not. What a person still waits for (the backfill is
-- not there yet) is passed over, as is has_negative where it stays true after the negative activity
-- went. p_from and p_to are both included; p_sample is the share of people to look at.
--
-- Raises: 22023 for a sample outside 0 to 1, 0A000 for a selector it cannot read.
create or replace function badges.verify_stats(
    p_peer_mentor_id uuid default null,
    p_from uuid default null,
    p_to uuid default null,
    p_sample double precision default null
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    measure text,
    stored text,
    expected text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO, YMD'
set timezone = 'UTC'
set enable_nestloop = off
set enable_mergejoin = off
set enable_sort = off
set jit = off
set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_scope badges_internal.verified_scope :=
        badges_internal._verify_scope(p_peer_mentor_id, p_from, p_to, p_sample);
begin
    return query
    select difference.*
    from badges_internal._verify_stat_differences(v_scope) as difference
    union all
    select difference.*
    from badges_internal._verify_sequence_differences(v_scope) as difference
    order by 1, 2, 3, 4, 5;
end;
$$;

comment on function badges.verify_stats(uuid, uuid, uuid, double precision) is
'Names every difference between the snapshot and a recomputation from the activities.';
