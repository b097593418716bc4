-- Takes gone activities out of one row of the snapshot, as if it were counted anew without them.
--
-- A row without activities goes, and so do its elements. False: the row cannot be what it must be
-- with what the table holds; other statements have changed that and are not counted yet.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._uncount_part(p_part badges_internal.gone_part)
returns boolean
language plpgsql
volatile
as $$
declare
    v_left badges_internal.held_stat;
    v_gone_days date[];
    v_change badges_internal.element_change;
    v_unit integer;
begin
    if (p_part.held).activity_count = p_part.activity_count then
        delete from badges_internal.stat_elements as element
        where element.peer_mentor_id = p_part.peer_mentor_id
        and element.org_id = p_part.org_id
        and element.stat = p_part.stat
        and element.bucket = p_part.bucket;
        delete from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_part.peer_mentor_id
        and held.org_id = p_part.org_id
        and held.stat = p_part.stat
        and held.bucket = p_part.bucket;
        return true;
    end if;
    v_left := badges_internal._values_without(p_part);
    if v_left.last_date is not null then
        v_gone_days := array(
            select gone.day
            from unnest(p_part.days) as gone (day)
            where not exists (
                select
                from badges_internal._counted_activities(p_part, gone.day, gone.day)
            )
        );
        if v_gone_days <> '{}' then
            v_left := badges_internal._days_without(p_part, v_left, v_gone_days);
        end if;
    end if;
    if p_part.elements is not null then
        v_change := badges_internal._uncount_elements(p_part);
        v_left.distinct_count := v_left.distinct_count + v_change.distinct_delta;
        if v_change.unit_run is not null then
            v_unit := array_position(array['day', 'week', 'month'], v_change.element_unit);
            v_left.runs[v_unit] := v_change.unit_run;
            v_left.longest_runs[v_unit] := v_change.longest_unit_run;
            v_left.run_end := v_change.run_end;
        end if;
    end if;
    if v_left.active_days > v_left.activity_count or v_left.distinct_count < 0 then
        return false;
    end if;
    update badges.peer_mentor_stats as held
    set
        activity_count = v_left.activity_count,
        value_sum = v_left.value_sum,
        value_max = v_left.value_max,
        has_negative = v_left.has_negative,
        active_days = v_left.active_days,
        distinct_count = v_left.distinct_count,
        day_run = v_left.runs[1],
        week_run = v_left.runs[2],
        month_run = v_left.runs[3],
        longest_day_run = v_left.longest_runs[1],
        longest_week_run = v_left.longest_runs[2],
        longest_month_run = v_left.longest_runs[3],
        run_end = v_left.run_end,
        first_at = v_left.first_at,
        last_at = v_left.last_at,
        last_date = v_left.last_date,
        next_count = next.next_count,
        next_sum = next.next_sum,
        next_max = next.next_max,
        next_active_days = next.next_active_days,
        next_distinct = next.next_distinct,
        next_day_run = next.next_day_run,
        next_week_run = next.next_week_run,
        next_month_run = next.next_month_run,
        counted_in = case when held.stat = '*' then pg_current_xact_id() end,
        counted_upto = case when held.stat = '*' then badges_internal._last_activity_id() end
    from badges_internal._next_thresholds(
        p_part.thresholds, p_part.org_id, p_part.stat,
        row(v_left.activity_count, v_left.value_sum, v_left.value_max, v_left.active_days,
            v_left.distinct_count, v_left.longest_runs[1], v_left.longest_runs[2],
            v_left.longest_runs[3])::badges_internal.stat_values
    ) as next
    where held.peer_mentor_id = p_part.peer_mentor_id
    and held.org_id = p_part.org_id
    and held.stat = p_part.stat
    and held.bucket = p_part.bucket;
    return true;
end;
$$;

comment on function badges_internal._uncount_part(badges_internal.gone_part) is
'Takes gone activities out of one row of the snapshot, as if it were counted anew without them.';
