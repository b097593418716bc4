-- Tells whether a stat with a selector chooses an activity of its types for one of its parts.
--
-- p_bucket: '' only where the stat is measured whole. One call where it stands in a scan: what a
-- statement must set up for each of its expressions costs more than the call.
create or replace function badges_internal._belongs_to_part(
    p_route badges_internal.stat_route,
    p_bucket text,
    p_attributes jsonb,
    p_quantity numeric,
    p_day date,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
immutable
as $$
begin
    return badges_internal._is_chosen(
        p_route.predicate, p_route.needs_quantity, p_route.needs_calendar, p_route.clock_zone,
        p_attributes, p_quantity, p_day, p_occurred_at
    ) and (
        p_bucket = ''
        or p_bucket = badges_internal._bucket(
            p_route.per_field, p_route.window_unit, p_attributes, p_quantity, p_day
        )
    );
end;
$$;

comment on function badges_internal._belongs_to_part(
    badges_internal.stat_route, text, jsonb, numeric, date, timestamptz
) is
'Tells whether a stat with a selector chooses an activity of its types for one of its parts.';
