-- Gives the lowest threshold of each measure above the values of a row of the snapshot.
--
-- One row, in line wherever it is called from a FROM clause: to write next_* use it so.
create or replace function badges_internal._next_thresholds(
    p_thresholds badges_internal.stat_thresholds,
    p_org_id text,
    p_stat text,
    p_values badges_internal.stat_values
)
returns table (
    next_count bigint,
    next_sum numeric,
    next_max numeric,
    next_active_days integer,
    next_distinct integer,
    next_day_run integer,
    next_week_run integer,
    next_month_run integer
)
language sql
stable
parallel safe
rows 1
begin atomic
select
    badges_internal._next_threshold((p_thresholds).activity_count, p_org_id, p_stat, 'count',
        (p_values).activity_count)::bigint,
    badges_internal._next_threshold((p_thresholds).value_sum, p_org_id, p_stat, 'sum',
        (p_values).value_sum),
    badges_internal._next_threshold((p_thresholds).value_max, p_org_id, p_stat, 'max',
        (p_values).value_max),
    badges_internal._next_threshold((p_thresholds).active_days, p_org_id, p_stat, 'active_days',
        (p_values).active_days)::integer,
    badges_internal._next_threshold((p_thresholds).distinct_count, p_org_id, p_stat, 'distinct',
        (p_values).distinct_count)::integer,
    badges_internal._next_threshold((p_thresholds).day_run, p_org_id, p_stat, 'day_run',
        (p_values).day_run)::integer,
    badges_internal._next_threshold((p_thresholds).week_run, p_org_id, p_stat, 'week_run',
        (p_values).week_run)::integer,
    badges_internal._next_threshold((p_thresholds).month_run, p_org_id, p_stat, 'month_run',
        (p_values).month_run)::integer;
end;

comment on function badges_internal._next_thresholds(
    badges_internal.stat_thresholds, text, text, badges_internal.stat_values
) is
'Gives the lowest threshold of each measure above the values of a row of the snapshot.';
