-- Names the unit in which a tenure's number counts: days, months or years.
create or replace function badges_internal._tenure_unit(p_threshold numeric, p_duration interval)
returns text
language sql
immutable
parallel safe
return case
    when extract(day from p_duration) > 0 then 'days'
    when extract(year from p_duration) = p_threshold then 'years'
    else 'months'
end;

comment on function badges_internal._tenure_unit(numeric, interval) is
'Names the unit in which a tenure''s number counts: days, months or years.';
