-- Changes a row of rolling windows where none of the windows changed may have been a best one.
--
-- Only the windows that hold the changed days are measured. Null: the row must be built anew.
-- False: the person must, since a window may have become better, or date an award earlier.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._change_windows(p_part badges_internal.changed_part)
returns boolean
language plpgsql
volatile
as $$
declare
    v_held constant badges_internal.held_stat := p_part.held;
    v_days constant integer := (p_part.route).rolling_days;
    v_first constant date := (select min(gone.day) from unnest(p_part.days) as gone (day));
    v_last constant date := (select max(gone.day) from unnest(p_part.days) as gone (day));
    v_moved constant integer := case when p_part.is_in_place then 0 else p_part.gone_count end;
    v_left badges_internal.held_stat;
    v_near record;
begin
    if v_held.activity_count is null then
        return null;
    end if;
    select
        coalesce(max(near.activity_count), 0) as activity_count,
        coalesce(max(near.value_sum), 0) as value_sum,
        coalesce(max(near.active_days), 0) as active_days,
        coalesce(max(near.distinct_count), 0) as distinct_count
    into v_near
    from badges_internal._rolling_windows(
        badges_internal._stat_definition(p_part.org_id, p_part.stat), array[p_part.peer_mentor_id],
        v_first - 2 * v_days + 2, v_last + v_days - 1
    ) as near
    where near.bucket = p_part.bucket
    and near.last_day > v_first - v_days;
    if v_near.value_sum > v_held.value_sum
        or p_part.come_max > v_held.value_max
        or v_near.distinct_count > v_held.distinct_count
        or p_part.come_count > 0 and badges_internal._may_date_earlier(p_part)
    then
        return false;
    end if;
    -- Before, they had at most what is gone besides.
    if v_held.activity_count - v_near.activity_count not between 1 and v_moved
        and (v_held.value_sum = v_near.value_sum
            or v_held.value_sum > v_near.value_sum + coalesce(p_part.gone_sum, 0))
        and v_held.active_days - v_near.active_days not between 1 and v_moved
        and v_held.distinct_count - v_near.distinct_count not between 1 and p_part.gone_count
    then
        v_left := badges_internal._changed_values(p_part);
        if v_left.last_at is not null then
            v_left.activity_count := v_held.activity_count;
            v_left.value_sum := v_held.value_sum;
            return badges_internal._write_row(p_part, v_left);
        end if;
    end if;
    return case when p_part.come_count = 0 then null else false end;
end;
$$;

comment on function badges_internal._change_windows(badges_internal.changed_part) is
'Changes a row of rolling windows where none of the windows changed may have been a best one.';
