-- Names the calendar unit that a day lies in by its first day, as windows and elements are named.
create or replace function badges_internal._unit_key(p_unit text, p_day date)
returns text
language sql
stable
parallel safe
return to_char(badges_internal._unit_start(p_unit, p_day)::timestamp, 'YYYY-MM-DD');

comment on function badges_internal._unit_key(text, date) is
'Names the calendar unit that a day lies in by its first day, as windows and elements are named.';
