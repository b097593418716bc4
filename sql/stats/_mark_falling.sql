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
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = any(p_falling_stats)
    and held.bucket = any(p_buckets)
    and held.bucket = p_buckets[array_position(p_stats, held.stat)];
    perform badges_internal._advance_thresholds(
        array(
            select row(p_peer_mentor_id, p_org_id, given.stat, given.bucket)
                ::badges_internal.stat_key
            from unnest(p_stats, p_buckets) as given (stat, bucket)
            where given.stat = any(p_falling_stats)
        ),
        true
    );
    -- In the order of days, so that their index is read whatever statistics say.
    return (
        select true
        from badges.activities as activity
        where activity.peer_mentor_id = p_peer_mentor_id
        and activity.org_id is not distinct from p_org_id
        and activity.activity_date >= p_occurred_at::date - 2
        and activity.occurred_at >= p_occurred_at
        and activity.activity_id <> p_activity_id
        order by activity.activity_date
        limit 1
    ) is not null;
end;
$$;

comment on function badges_internal._mark_falling(
    uuid, text, text[], text[], text[], timestamptz, bigint
) is
'Notes in the rows of stats that a negative value fell there, and what they wait for from now on.';

select badges_internal._join_before_17(
    'badges_internal._mark_falling(uuid, text, text[], text[], text[], timestamptz, bigint)',
    $listed$
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = any(p_falling_stats)
    and held.bucket = any(p_buckets)
    and held.bucket = p_buckets[array_position(p_stats, held.stat)];
$listed$,
    $joined$
    from unnest(p_stats) with ordinality as wanted (name, place)
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = wanted.name
    and held.bucket = p_buckets[wanted.place]
    and wanted.name = any(p_falling_stats)
    and wanted.place = array_position(p_stats, wanted.name);
$joined$
);
