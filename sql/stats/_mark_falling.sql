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
    set has_negative = true
    from unnest(p_stats, p_buckets) as given (stat, bucket)
    where given.stat = any(p_falling_stats)
    and held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = given.stat
    and held.bucket = given.bucket;
    perform badges_internal._advance_thresholds(
        array(
            select row(p_peer_mentor_id, p_org_id, given.stat, given.bucket)
                ::badges_internal.stat_key
            from unnest(p_stats, p_buckets) as given (stat, bucket)
            where given.stat = any(p_falling_stats)
        ),
        true
    );
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
