-- Sets the next thresholds of people's rows of some stats anew, where they are other ones.
--
-- For stats of which other numbers are asked than when the rows were written.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._set_next_thresholds(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_stats text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
begin
    update badges.peer_mentor_stats as held
    set
        next_count = case when 'count' = any(defined.watched)
            then badges_internal._next_whole(
                held.org_id, held.stat, 'count', held.activity_count) end,
        next_sum = case when 'sum' = any(defined.watched)
            then badges_internal._next_threshold(held.org_id, held.stat, 'sum', held.value_sum) end,
        next_max = case when 'max' = any(defined.watched)
            then badges_internal._next_threshold(held.org_id, held.stat, 'max', held.value_max) end,
        next_active_days = case when 'active_days' = any(defined.watched)
            then badges_internal._next_whole(
                held.org_id, held.stat, 'active_days', held.active_days) end,
        next_distinct = case when 'distinct' = any(defined.watched)
            then badges_internal._next_whole(
                held.org_id, held.stat, 'distinct', held.distinct_count) end,
        next_day_run = case when 'day_run' = any(defined.watched)
            then badges_internal._next_whole(
                held.org_id, held.stat, 'day_run', held.longest_day_run) end,
        next_week_run = case when 'week_run' = any(defined.watched)
            then badges_internal._next_whole(
                held.org_id, held.stat, 'week_run', held.longest_week_run) end,
        next_month_run = case when 'month_run' = any(defined.watched)
            then badges_internal._next_whole(
                held.org_id, held.stat, 'month_run', held.longest_month_run) end
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.peer_mentor_stats as own
        on own.peer_mentor_id = person.peer_mentor_id
        and own.org_id = person.org_id
        and own.stat = any(p_stats)
    left join badges_internal.stat_definitions as defined
        on defined.org_id = own.org_id
        and defined.stat = own.stat
    where held.peer_mentor_id = own.peer_mentor_id
    and held.org_id = own.org_id
    and held.stat = own.stat
    and held.bucket = own.bucket;
end;
$$;

comment on function badges_internal._set_next_thresholds(uuid[], text[], text[]) is
'Sets the next thresholds of people''s rows of some stats anew, where they are other ones.';
