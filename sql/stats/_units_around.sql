-- Gives the length of the run of counted units around one, and whether it is the newest run.
--
-- Reads outwards from the unit, in the index's order, until a gap shows on each side over which no
-- run goes on.
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
    v_element constant text := to_char(p_unit_start::timestamp, 'YYYY-MM-DD');
    v_edge date := p_unit_start;
    v_next date;
begin
    run_length := 1;
    is_last := true;
    for v_next in
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
        exit when not badges_internal._goes_on(
            p_peer_mentor_id, p_org_id, p_route, v_next, v_edge
        );
        v_edge := v_next;
        run_length := run_length + 1;
    end loop;
    v_edge := p_unit_start;
    for v_next in
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
        if not badges_internal._goes_on(
            p_peer_mentor_id, p_org_id, p_route, v_edge, v_next
        ) then
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
