-- Gives the activity types that activity names, one or a list, sorted; null where it is left out.
create or replace function badges_internal._sorted_types(p_activity jsonb)
returns jsonb
language sql
immutable
parallel safe
begin atomic
    select jsonb_agg(distinct named.type collate "C")
    from jsonb_array_elements_text(badges_internal._listed(p_activity)) as named (type);
end;

comment on function badges_internal._sorted_types(jsonb) is
'Gives the activity types that activity names, one or a list, sorted; null where it is left out.';
