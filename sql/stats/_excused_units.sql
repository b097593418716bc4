-- Gives the units between those of two days that activities of a person excuse, by first day.
--
-- Whether one counts all the same is not looked at. p_to null = up to the last one.
create or replace function badges_internal._excused_units(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_from date,
    p_to date
)
returns date[]
language plpgsql
volatile
as $$
declare
    v_unit constant text := p_route.element_unit;
    v_to constant date := coalesce(p_to, date '9999-12-31');
begin
    return array(
        select distinct badges_internal._unit_start(v_unit, a.activity_date)
        from badges.activities as a
        where a.peer_mentor_id = p_peer_mentor_id
        and a.org_id is not distinct from p_org_id
        and a.activity_date > p_from
        and a.activity_date < v_to
        and a.activity_type = any(p_route.excuse_types)
        and badges_internal._unit_number(v_unit, a.activity_date)
            > badges_internal._unit_number(v_unit, p_from)
        and badges_internal._unit_number(v_unit, a.activity_date)
            < badges_internal._unit_number(v_unit, v_to)
        and badges_internal._is_chosen(
            p_route.excuse, p_route.excuse_needs_quantity, p_route.unit_calendar is not null, null,
            a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
        order by 1
    );
end;
$$;

comment on function badges_internal._excused_units(
    uuid, text, badges_internal.stat_route, date, date
) is
'Gives the units between those of two days that activities of a person excuse, by first day.';
