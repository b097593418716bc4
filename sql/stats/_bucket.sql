-- Names the part of a stat that an activity is measured in, or null where it belongs to none.
--
-- '' for the lifetime, the first day of the window, the value of the per attribute, or both. Stable
-- as to_char is, though nothing changes it: else it would not be put in line.
create or replace function badges_internal._bucket(
    p_per_field text,
    p_window_unit text,
    p_attributes jsonb,
    p_quantity numeric,
    p_day date
)
returns text
language sql
stable
parallel safe
return case when p_window_unit is null then ''
    else badges_internal._unit_key(p_window_unit, p_day)
    end
    || case when p_window_unit is not null and p_per_field is not null then ' ' else '' end
    || case when p_per_field is null then ''
        else badges_internal._scalar_text(
            badges_internal._attribute(p_attributes, p_quantity, p_per_field)
        )
    end;

comment on function badges_internal._bucket(text, text, jsonb, numeric, date) is
'Names the part of a stat that an activity is measured in, or null where it belongs to none.';
