-- Tells whether a selector's where and when choose an activity.
create or replace function badges_internal._is_chosen(
    p_predicate jsonpath,
    p_needs_quantity boolean,
    p_needs_calendar boolean,
    p_clock_zone text,
    p_attributes jsonb,
    p_quantity numeric,
    p_day date,
    p_occurred_at timestamptz
)
returns boolean
language sql
immutable
parallel safe
return p_predicate is null or coalesce(
    jsonb_path_match(
        p_attributes,
        p_predicate,
        case
            when p_needs_quantity or p_needs_calendar or p_clock_zone is not null
                then badges_internal._choice_variables(
                    p_needs_quantity, p_needs_calendar, p_clock_zone, p_quantity, p_day,
                    p_occurred_at
                )
            else '{}'
        end,
        true
    ),
    false
);

comment on function badges_internal._is_chosen(
    jsonpath, boolean, boolean, text, jsonb, numeric, date, timestamptz
) is
'Tells whether a selector''s where and when choose an activity.';
