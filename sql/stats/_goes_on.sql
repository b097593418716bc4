-- Tells whether a run that counted the unit of one day last goes on in that of a later one.
--
-- No more units may be missed between than grace allows; those that do not exist for the streak,
-- and those that are excused, are not. Activities are read only where more are missed.
create or replace function badges_internal._goes_on(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_from date,
    p_to date
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_missed integer := case
        when p_route.unit_calendar is null
            then badges_internal._unit_number(p_route.element_unit, p_to)
                - badges_internal._unit_number(p_route.element_unit, p_from) - 1
        else badges_internal._missed_units(
            p_route.element_unit, p_from, p_to, p_route.unit_calendar
        )
    end - coalesce(p_route.grace, 0);
begin
    if v_missed > 0 and p_route.excuse_types is not null then
        v_missed := v_missed - cardinality(badges_internal._excused_units(
            p_peer_mentor_id, p_org_id, p_route, p_from, p_to
        ));
    end if;
    return v_missed <= 0;
end;
$$;

comment on function badges_internal._goes_on(
    uuid, text, badges_internal.stat_route, date, date
) is
'Tells whether a run that counted the unit of one day last goes on in that of a later one.';
