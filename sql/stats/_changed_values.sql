-- Gives a row's counts, sums, extremes and moments after activities of it were changed.
--
-- What is a maximum, a first or a last is looked for only where an activity was it that is gone.
create or replace function badges_internal._changed_values(p_part badges_internal.changed_part)
returns badges_internal.held_stat
language plpgsql
volatile
as $$
declare
    v_held constant badges_internal.held_stat := p_part.held;
    v_left badges_internal.held_stat := v_held;
    v_end date;
begin
    v_left.activity_count := v_held.activity_count - p_part.gone_count + p_part.come_count;
    v_left.value_sum := v_held.value_sum - coalesce(p_part.gone_sum, 0)
        + coalesce(p_part.come_sum, 0);
    v_left.value_max := greatest(v_held.value_max, p_part.come_max);
    if p_part.gone_max >= v_left.value_max and not exists (
        select
        from badges_internal._part_activities(p_part, null, null) as found
        where found.measured >= v_left.value_max
    ) then
        v_left.value_max := (
            select max(found.measured)
            from badges_internal._part_activities(p_part, null, null) as found
        );
    end if;
    if p_part.is_in_place then
        return v_left;
    end if;
    -- A day lies within a day of its moments.
    if p_part.first_at <= v_held.first_at then
        v_end := (
            select found.activity_date
            from badges_internal._part_activities(p_part, null, null) as found
            order by found.activity_date
            limit 1
        );
        v_left.first_at := (
            select min(found.occurred_at)
            from badges_internal._part_activities(p_part, null, v_end + 2) as found
        );
    end if;
    if p_part.last_at >= v_held.last_at then
        v_end := (
            select found.activity_date
            from badges_internal._part_activities(p_part, null, null) as found
            order by found.activity_date desc
            limit 1
        );
        v_left.last_at := (
            select max(found.occurred_at)
            from badges_internal._part_activities(p_part, v_end - 2, null) as found
        );
    end if;
    return v_left;
end;
$$;

comment on function badges_internal._changed_values(badges_internal.changed_part) is
'Gives a row''s counts, sums, extremes and moments after activities of it were changed.';
