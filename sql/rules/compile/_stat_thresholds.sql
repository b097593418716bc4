-- Lists a stat's thresholds by measure, rising, the lowest hundred of each.
--
-- p_measures, p_thresholds: of its milestones, a pair each. Thresholds of whole measures are
-- rounded up. Longer lists would be moved out of their row, and dear to read.
create or replace function badges_internal._stat_thresholds(
    p_measures text[],
    p_thresholds numeric[]
)
returns badges_internal.stat_thresholds
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_listed badges_internal.stat_thresholds;
begin
    select
        max(numbers) filter (where measure = 'count'),
        max(numbers) filter (where measure = 'sum'),
        max(numbers) filter (where measure = 'max'),
        max(numbers) filter (where measure = 'active_days'),
        max(numbers) filter (where measure = 'distinct'),
        max(numbers) filter (where measure = 'day_run'),
        max(numbers) filter (where measure = 'week_run'),
        max(numbers) filter (where measure = 'month_run')
    into v_listed
    from (
        select measure, (array_agg(distinct number order by number))[:100] as numbers
        from unnest(p_measures, p_thresholds) as given (measure, threshold)
        cross join lateral badges_internal._waited_threshold(measure, threshold) as number
        group by measure
    ) as listed;
    return v_listed;
end;
$$;

comment on function badges_internal._stat_thresholds(text[], numeric[]) is
'Lists a stat''s thresholds by measure, rising, the lowest hundred of each.';
