-- Tells between which moments a sequence may differ by an activity of a moment.
--
-- Of in_a_row from what failed last to what fails next, where something does, else from the moment
-- on; of the share of the last N from N before to N after; of a lifetime share from the moment on.
-- before null: to the end. chosen_count: at least so many come before since; of a stretch that
-- begins at the moment the row tells (null). p_pending: activities that must not be seen. Probes by
-- the index on days; no moment lies further than a day from its day.
create or replace function badges_internal._sequence_edges(
    p_peer_mentor_id uuid,
    p_defined badges_internal.stat_definitions,
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
    v_org_id constant text := p_defined.org_id;
    v_types constant text[] := p_defined.activity_types;
    v_route constant badges_internal.stat_route := p_defined.route;
    v_number constant integer := v_route.sequence_size;
    v_day constant date := (p_occurred_at at time zone 'UTC')::date;
    -- On each side the next that failed, or so many of any.
    v_is_run constant boolean := v_route.sequence = 'in_a_row';
    v_slice badges_internal.sequence_slice;
    v_edge date;
begin
    if v_route.sequence <> 'share' then
        select found.activity_date
        into v_edge
        from badges_internal._sequence_activities(
            p_peer_mentor_id, v_org_id, v_types, v_route, v_day - 1, 'infinity', p_pending
        ) as found
        where found.occurred_at > p_occurred_at
        and (not v_is_run or found.qualifies = 0)
        order by found.activity_date
        offset v_number - 1
        limit 1;
        v_slice.before := (v_edge + 2)::timestamp at time zone 'UTC';
    end if;
    if v_route.sequence = 'share' or v_is_run and v_slice.before is null then
        v_slice.since := p_occurred_at;
        return v_slice;
    end if;
    v_edge := null;
    select found.activity_date
    into v_edge
    from badges_internal._sequence_activities(
        p_peer_mentor_id, v_org_id, v_types, v_route, '-infinity', v_day + 1, p_pending
    ) as found
    where found.occurred_at <= p_occurred_at
    and (not v_is_run or found.qualifies = 0)
    order by found.activity_date desc
    offset v_number - 1
    limit 1;
    v_slice.since := coalesce((v_edge - 1)::timestamp at time zone 'UTC', '-infinity');
    v_slice.chosen_count := case when v_edge is null then 0 else v_number end;
    v_slice.qualified_count := 0;
    return v_slice;
end;
$$;

comment on function badges_internal._sequence_edges(
    uuid, badges_internal.stat_definitions, timestamptz, bigint[]
) is
'Tells between which moments a sequence may differ by an activity of a moment.';
