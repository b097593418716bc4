-- Names a calendar unit by how it is counted: weeks by the day on which they start.
--
-- p_week_starts: the organization's. Such a name is what _unit_start and its kin take.
create or replace function badges_internal._calendar_unit(p_unit text, p_week_starts text)
returns text
language sql
immutable
parallel safe
return case
    when p_unit = 'week' and p_week_starts <> 'monday' then 'week_' || p_week_starts
    else p_unit
end;

comment on function badges_internal._calendar_unit(text, text) is
'Names a calendar unit by how it is counted: weeks by the day on which they start.';
