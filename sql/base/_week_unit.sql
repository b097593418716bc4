-- Names the week that begins on the day of a week_origin (activity_routes).
create or replace function badges_internal._week_unit(p_origin date)
returns text
language sql
immutable
parallel safe
return case p_origin
    when date '1899-12-31' then 'week_sunday'
    when date '1899-12-30' then 'week_saturday'
    else 'week'
end;

comment on function badges_internal._week_unit(date) is
'Names the week that begins on the day of a week_origin (activity_routes).';
