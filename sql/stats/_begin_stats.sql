-- Writes the rows of the stats that count a person's activity for the first time.
--
-- p_own_stats and the arrays beside it: the stats with a bucket or a value of their own; p_version:
-- the base row's; p_is_looked: mark it, as _mark_looked. What is there already stays as it is and
-- is not counted in the result.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._begin_stats(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_own_stats text[],
    p_own_buckets text[],
    p_own_values numeric[],
    p_occurred_at timestamptz,
    p_day date,
    p_quantity numeric,
    p_version integer,
    p_is_looked boolean,
    out row_count integer,
    out has_reached boolean
)
language plpgsql
volatile
as $$
begin
    with begun as (
        insert into badges.peer_mentor_stats as held (
            peer_mentor_id, org_id, stat, bucket, rule_set_version, activity_count, value_sum,
            value_max, active_days, distinct_count, day_run, week_run, month_run, longest_day_run,
            longest_week_run, longest_month_run, run_end, first_at, last_at, last_date, next_count,
            next_sum, next_max, next_active_days, next_distinct, next_day_run, next_week_run,
            next_month_run, counted_in, counted_upto
        )
        select
            p_peer_mentor_id, p_org_id, wanted.stat, wanted.bucket,
            case when wanted.stat = '*' then p_version end, 1,
            coalesce(wanted.measured, 0), wanted.measured, day.active_days,
            case
                when (defined.route).element_field is not null
                    or (defined.route).element_unit is not null then 0
            end,
            run.day, run.week, run.month, run.day, run.week, run.month, day.last_date,
            p_occurred_at, p_occurred_at, day.last_date,
            -- Thresholds are above 0, so the first of each list is the next.
            (defined.thresholds).activity_count[1], (defined.thresholds).value_sum[1],
            (defined.thresholds).value_max[1], (defined.thresholds).active_days[1],
            (defined.thresholds).distinct_count[1], (defined.thresholds).day_run[1],
            (defined.thresholds).week_run[1], (defined.thresholds).month_run[1],
            case when p_is_looked then pg_current_xact_id() end,
            case when p_is_looked then badges_internal._last_activity_id() end
        from (
            select
                given.stat,
                coalesce(p_own_buckets[own.place], '') as bucket,
                case when own.place is null then p_quantity else p_own_values[own.place] end
                    as measured
            from unnest(p_stats) as given (stat)
            cross join lateral array_position(p_own_stats, given.stat) as own (place)
        ) as wanted
        -- By key whatever statistics say: neither all stats are read nor all rows of the person.
        left join lateral (
            select asked.*
            from badges_internal.stat_definitions as asked
            where asked.org_id = p_org_id
            and asked.stat = wanted.stat
            offset 0
        ) as defined on true
        cross join lateral (
            select
                case when keeps.has_days then 1 end as active_days,
                case when keeps.has_days then p_day end as last_date
            from (values (coalesce((defined.route).has_days, true))) as keeps (has_days)
        ) as day
        -- Runs of stored units begin with the first that counts.
        cross join lateral (
            select
                case when 'day_run' = any(defined.watched) then coalesce(day.active_days, 0) end
                    as day,
                case when 'week_run' = any(defined.watched) then coalesce(day.active_days, 0) end
                    as week,
                case when 'month_run' = any(defined.watched) then coalesce(day.active_days, 0) end
                    as month
        ) as run
        where not exists (
            select
            from badges.peer_mentor_stats as known
            where known.peer_mentor_id = p_peer_mentor_id
            and known.org_id = p_org_id
            and known.stat = wanted.stat
            and known.bucket = wanted.bucket
            offset 0
        )
        on conflict (peer_mentor_id, org_id, stat, bucket) do nothing
        returning badges_internal._has_reached(held) as has_reached
    )
    select count(*), coalesce(bool_or(begun.has_reached), false)
    into row_count, has_reached
    from begun;
end;
$$;

comment on function badges_internal._begin_stats(
    uuid, text, text[], text[], text[], numeric[], timestamptz, date, numeric,
    integer, boolean
) is
'Writes the rows of the stats that count a person''s activity for the first time.';
