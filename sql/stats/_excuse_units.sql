-- Joins the runs beside units that a late activity of a person excuses, of every streak it does.
--
-- Gives those streaks' stats, and whether the row of one reached something. An excuse after the
-- last unit that counts changes nothing: the next such unit finds it.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._excuse_units(
    p_new badges_internal.new_activity,
    out stats text[],
    out has_reached boolean
)
language plpgsql
volatile
as $$
declare
    v_route badges_internal.stat_route;
    v_next date;
begin
    has_reached := false;
    -- Hardly any organization excuses units: the statement below is dear to begin.
    if not exists (
        select
        from badges_internal.stat_definitions as defined
        where defined.org_id = p_new.org_id
        and (defined.route).excuse_types is not null
    ) then
        return;
    end if;
    for v_route in
        select (defined.route).*
        from badges_internal.stat_definitions as defined
        where defined.org_id = p_new.org_id
        and (defined.route).excuse_types is not null
        and p_new.activity_type = any((defined.route).excuse_types)
        and badges_internal._is_chosen(
            (defined.route).excuse, (defined.route).excuse_needs_quantity,
            (defined.route).unit_calendar is not null, null,
            p_new.attributes, p_new.quantity, p_new.activity_date, p_new.occurred_at
        )
    loop
        select held.element::date
        into v_next
        from badges_internal.stat_elements as held
        where held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and held.stat = v_route.stat
        and held.bucket = ''
        and held.element > to_char(p_new.activity_date::timestamp, 'YYYY-MM-DD')
        and held.is_counted
        order by held.element
        limit 1;
        continue when v_next is null;
        stats := stats || v_route.stat;
        has_reached := badges_internal._count_unit(
            p_new.peer_mentor_id, p_new.org_id, v_route, '', v_next, 0
        ) is true or has_reached;
    end loop;
end;
$$;

comment on function badges_internal._excuse_units(badges_internal.new_activity) is
'Joins the runs beside units that a late activity of a person excuses, of every streak it does.';
