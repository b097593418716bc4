-- Gives the variables that a selector's jsonpath names: the quantity, and the local calendar.
create or replace function badges_internal._choice_variables(
    p_needs_quantity boolean,
    p_needs_calendar boolean,
    p_clock_zone text,
    p_quantity numeric,
    p_day date,
    p_occurred_at timestamptz
)
returns jsonb
language plpgsql
immutable
parallel safe
as $$
declare
    v_variables jsonb := '{}';
    v_clock timestamp;
begin
    if p_needs_quantity then
        v_variables := jsonb_build_object('quantity', p_quantity);
    end if;
    if p_needs_calendar then
        v_variables := v_variables || to_char(
            p_day::timestamp,
            '"{\"date\": \""YYYY-MM-DD"\", \"monthday\": \""MM-DD"\", \"weekday\": "ID'
            '", \"month\": "FMMM", \"yearday\": "FMDDD"}"'
        )::jsonb;
    end if;
    if p_clock_zone is not null then
        v_clock := p_occurred_at at time zone p_clock_zone;
        v_variables := v_variables || jsonb_build_object(
            'minute', extract(hour from v_clock) * 60 + extract(minute from v_clock)
        );
    end if;
    return v_variables;
end;
$$;

comment on function badges_internal._choice_variables(
    boolean, boolean, text, numeric, date, timestamptz
) is
'Gives the variables that a selector''s jsonpath names: the quantity, and the local calendar.';
