-- Counts the minutes from midnight to a time of day written as a whole hour or HH:MM.
create or replace function badges_internal._minute_of_day(p_time jsonb)
returns integer
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_time) = 'number' then p_time::numeric::integer * 60
    else left(p_time #>> '{}', 2)::integer * 60 + right(p_time #>> '{}', 2)::integer
end;

comment on function badges_internal._minute_of_day(jsonb) is
'Counts the minutes from midnight to a time of day written as a whole hour or HH:MM.';
