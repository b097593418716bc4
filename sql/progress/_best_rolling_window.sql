-- Finds the rolling window in which a condition measures most, the latest of several.
create or replace function badges_internal._best_rolling_window(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    out bucket text,
    out last_day date
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    select measured.bucket, measured.last_day
    into bucket, last_day
    from badges_internal.stat_definitions as defined
    cross join lateral badges_internal._rolling_windows(
        defined, array[p_peer_mentor_id], null, null
    ) as measured
    where defined.org_id = p_milestone.org_id
    and defined.stat = p_milestone.stat
    order by
        case
            when p_milestone.measure = 'count' then measured.activity_count
            when p_milestone.measure = 'sum' then measured.value_sum
            when p_milestone.measure = 'max' then measured.value_max
            when p_milestone.measure = 'active_days' then measured.active_days
            else measured.distinct_count
        end desc nulls last,
        measured.last_day desc,
        measured.bucket
    limit 1;
end;
$$;
