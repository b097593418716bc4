-- Notes in the rows of stats that a negative value fell there, and what they wait for from now on.
--
-- p_stats, p_buckets: all rows the activity counts in, those that fell among them. Tells whether
-- rules may hold no longer: what is the person's newest by itself leaves what held at
-- earlier moments. The rows have crossed what they reached.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._mark_falling(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_falling_stats text[],
    p_stats text[],
    p_buckets text[],
    p_occurred_at timestamptz,
    p_activity_id bigint
)
returns boolean
language plpgsql
volatile
as $$
begin
    update badges.peer_mentor_stats as held
    set
        has_negative = true,
        next_count = next.next_count,
        next_sum = next.next_sum,
        next_max = next.next_max,
        next_active_days = next.next_active_days,
        next_distinct = next.next_distinct,
        next_day_run = next.next_day_run,
        next_week_run = next.next_week_run,
        next_month_run = next.next_month_run
    from unnest(p_stats, p_buckets) as given (stat, bucket)
    join badges.peer_mentor_stats as own
        on own.peer_mentor_id = p_peer_mentor_id
        and own.org_id = p_org_id
        and own.stat = given.stat
        and own.bucket = given.bucket
    left join badges_internal.stat_definitions as defined
        on defined.org_id = p_org_id
        and defined.stat = given.stat
    cross join lateral badges_internal._next_thresholds(
        defined.thresholds, own.org_id, own.stat,
        row(own.activity_count, own.value_sum, own.value_max, own.active_days, own.distinct_count,
            own.longest_day_run, own.longest_week_run, own.longest_month_run)
            ::badges_internal.stat_values
    ) as next
    where given.stat = any(p_falling_stats)
    and held.peer_mentor_id = own.peer_mentor_id
    and held.org_id = own.org_id
    and held.stat = own.stat
    and held.bucket = own.bucket;
    return exists (
        select
        from badges.activities as activity
        where activity.peer_mentor_id = p_peer_mentor_id
        and activity.org_id = p_org_id
        and activity.activity_date >= p_occurred_at::date - 2
        and activity.occurred_at >= p_occurred_at
        and activity.activity_id <> p_activity_id
    );
end;
$$;

comment on function badges_internal._mark_falling(
    uuid, text, text[], text[], text[], timestamptz, bigint
) is
'Notes in the rows of stats that a negative value fell there, and what they wait for from now on.';
