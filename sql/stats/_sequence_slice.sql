-- Tells which stretch of a person's sequence an activity of a moment has a part in.
--
-- Of in_a_row from what failed last to what fails next, where something does, else from the moment
-- on; of the share of the last N from N before to N after; of a lifetime share from the moment on.
-- before null: to the end. chosen_count and qualified_count: those before it that count, by what
-- the row has (p_held). p_pending: activities that must not be seen; the row lacks them. Probes by
-- the index on days; no moment lies further than a day from its day.
create or replace function badges_internal._sequence_slice(
    p_held badges.peer_mentor_stats,
    p_types text[],
    p_route badges_internal.stat_route,
    p_occurred_at timestamptz,
    p_pending bigint[]
)
returns badges_internal.sequence_slice
language plpgsql
volatile
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
    v_person constant uuid := p_held.peer_mentor_id;
    v_org_id constant text := p_held.org_id;
    v_slice badges_internal.sequence_slice;
    v_day constant date := (p_occurred_at at time zone 'UTC')::date;
    v_edge date;
    v_is_run constant boolean := p_route.sequence = 'in_a_row';
    -- On each side the next that failed, or so many of any.
    v_most constant integer := case when v_is_run then 0 else 1 end;
    v_number constant integer := p_route.sequence_size;
begin
    if p_route.sequence <> 'share' then
        select found.activity_date
        into v_edge
        from badges_internal._sequence_activities(
            v_person, v_org_id, p_types, p_route, v_day - 1, 'infinity', p_pending
        ) as found
        where found.occurred_at > p_occurred_at
        and found.qualifies <= v_most
        order by found.activity_date
        offset v_number - 1
        limit 1;
        v_slice.before := (v_edge + 2)::timestamp at time zone 'UTC';
    end if;
    if p_route.sequence = 'share' or v_is_run and v_slice.before is null then
        v_slice.since := p_occurred_at;
        select
            p_held.activity_count - count(*),
            case when v_is_run then p_held.value_last else p_held.value_sum end
                - coalesce(sum(found.qualifies), 0)
        into v_slice.chosen_count, v_slice.qualified_count
        from badges_internal._sequence_activities(
            v_person, v_org_id, p_types, p_route, v_day - 1, 'infinity', p_pending
        ) as found
        where found.occurred_at >= p_occurred_at;
        return v_slice;
    end if;
    v_edge := null;
    select found.activity_date
    into v_edge
    from badges_internal._sequence_activities(
        v_person, v_org_id, p_types, p_route, '-infinity', v_day + 1, p_pending
    ) as found
    where found.occurred_at <= p_occurred_at
    and found.qualifies <= v_most
    order by found.activity_date desc
    offset v_number - 1
    limit 1;
    v_slice.since := coalesce((v_edge - 1)::timestamp at time zone 'UTC', '-infinity');
    v_slice.chosen_count := case when v_edge is null then 0 else v_number end;
    v_slice.qualified_count := 0;
    return v_slice;
end;
$$;

comment on function badges_internal._sequence_slice(
    badges.peer_mentor_stats, text[], badges_internal.stat_route, timestamptz, bigint[]
) is
'Tells which stretch of a person''s sequence an activity of a moment has a part in.';
