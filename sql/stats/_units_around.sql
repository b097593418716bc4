-- Gives the length of the run of counted units around one, and whether it is the newest run.
--
-- Reads outwards from the unit, in the index's order, until a gap wider than the rule's grace shows
-- on each side.
create or replace function badges_internal._units_around(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_bucket text,
    p_unit_start date,
    out run_length integer,
    out is_last boolean
)
language plpgsql
volatile
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_unit constant text := p_route.element_unit;
    v_step constant integer := 1 + coalesce(p_route.grace, 0);
    v_element constant text := to_char(p_unit_start::timestamp, 'YYYY-MM-DD');
    v_edge integer := badges_internal._unit_number(v_unit, p_unit_start);
    v_next integer;
    v_start date;
begin
    run_length := 1;
    is_last := true;
    for v_start in
        select held.element::date
        from badges_internal.stat_elements as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = p_route.stat
        and held.bucket = p_bucket
        and held.element < v_element
        and held.is_counted
        order by held.element desc
    loop
        v_next := badges_internal._unit_number(v_unit, v_start);
        exit when v_next < v_edge - v_step;
        v_edge := v_next;
        run_length := run_length + 1;
    end loop;
    v_edge := badges_internal._unit_number(v_unit, p_unit_start);
    for v_start in
        select held.element::date
        from badges_internal.stat_elements as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = p_route.stat
        and held.bucket = p_bucket
        and held.element > v_element
        and held.is_counted
        order by held.element
    loop
        v_next := badges_internal._unit_number(v_unit, v_start);
        if v_next > v_edge + v_step then
            is_last := false;
            exit;
        end if;
        v_edge := v_next;
        run_length := run_length + 1;
    end loop;
end;
$$;

comment on function badges_internal._units_around(
    uuid, text, badges_internal.stat_route, text, date
) is
'Gives the length of the run of counted units around one, and whether it is the newest run.';
