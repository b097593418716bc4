-- Tells of a rolling window which one is the best, and what the one that ends on p_as_of has.
--
-- {"best", "current"}: best where there are activities, the latest of several. Reads the person's
-- activities of the stat.
create or replace function badges_internal._rolling_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_days constant integer := (p_selector -> 'window' -> 'rolling_days')::integer;
    v_best record;
begin
    select measured.bucket, measured.last_day
    into v_best
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
    return jsonb_strip_nulls(jsonb_build_object(
        'best', case when v_best.last_day is not null then badges_internal._measured_between(
            p_peer_mentor_id, p_milestone, p_selector, v_best.bucket,
            v_best.last_day - v_days + 1, v_best.last_day
        ) end,
        'current', badges_internal._measured_between(
            p_peer_mentor_id, p_milestone, p_selector, null, p_as_of - v_days + 1, p_as_of
        )
    ));
end;
$$;

comment on function badges_internal._rolling_details(
    uuid, badges_internal.milestones, jsonb, date
) is
'Tells of a rolling window which one is the best, and what the one that ends on p_as_of has.';
