-- Tells when each element of a stat counted or, counts false, was excused; units with their number.
--
-- p_unit: of a run, null = values. Only units that exist for the streak have numbers of their own.
create or replace function badges_internal._numbered_elements(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_unit text
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    element text,
    held_during tstzmultirange,
    counts boolean,
    number integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_org_id, p_stat)).route;
begin
    return query
    select
        unit.*,
        case when p_unit is not null then badges_internal._missed_units(
            p_unit, min(unit.element) over (partition by unit.peer_mentor_id, unit.bucket)::date,
            unit.element::date, v_route.unit_calendar
        ) end
    from (
        select held.*, true as counts
        from badges_internal._held_elements(p_peer_mentor_ids, p_org_id, p_stat) as held
        union all
        select
            excused.peer_mentor_id, '', excused.element,
            tstzmultirange(tstzrange(excused.excused_at, null)), false
        from badges_internal._excused_elements(p_peer_mentor_ids, p_org_id, v_route) as excused
    ) as unit;
end;
$$;

comment on function badges_internal._numbered_elements(uuid[], text, text, text) is
'Tells when each element of a stat counted or, counts false, was excused; units with their number.';
