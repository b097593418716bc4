-- Counts the days that a window or a unit of a streak can have at most; null where none is set.
create or replace function badges_internal._most_active_days(p_window jsonb)
returns integer
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_window) = 'object' then (p_window -> 'rolling_days')::integer
    else case p_window #>> '{}'
        when 'day' then 1
        when 'week' then 7
        when 'month' then 31
        when 'quarter' then 92
        when 'year' then 366
    end
end;

comment on function badges_internal._most_active_days(jsonb) is
'Counts the days that a window or a unit of a streak can have at most; null where none is set.';
