-- Sets the next thresholds of those of the given rows that have reached one.
--
-- p_has_fallen: of all of them, since values fell below thresholds that were passed.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._advance_thresholds(
    p_keys badges_internal.stat_key[],
    p_has_fallen boolean default false
)
returns void
language plpgsql
volatile
set enable_material = off
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
    update badges.peer_mentor_stats as held
    set (
        next_count, next_sum, next_max, next_active_days, next_distinct, next_day_run,
        next_week_run, next_month_run
    ) = row(next.*)
    from unnest(p_keys) as key
    join badges.peer_mentor_stats as own
        on own.peer_mentor_id = key.peer_mentor_id
        and own.org_id = key.org_id
        and own.stat = key.stat
        and own.bucket = key.bucket
    join badges_internal.stat_definitions as defined
        on defined.org_id = own.org_id
        and defined.stat = own.stat
    cross join lateral badges_internal._next_thresholds(
        defined.thresholds, own.org_id, own.stat, badges_internal._stat_values(own)
    ) as next
    where (p_has_fallen or badges_internal._has_reached(own))
    and held.peer_mentor_id = own.peer_mentor_id
    and held.org_id = own.org_id
    and held.stat = own.stat
    and held.bucket = own.bucket;
end;
$$;

comment on function badges_internal._advance_thresholds(badges_internal.stat_key[], boolean) is
'Sets the next thresholds of those of the given rows that have reached one.';
