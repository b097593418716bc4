-- Gives how many days after its own an activity may still matter to a condition that lapses.
--
-- As many as its window has, or as a run that is just long enough can span; else years.
create or replace function badges_internal._reach_of(p_milestone badges_internal.milestones)
returns integer
language plpgsql
stable
as $$
declare
    v_route badges_internal.stat_route;
begin
    if p_milestone.last_days is not null then
        return p_milestone.last_days;
    elsif p_milestone.lapse_measure not like '%\_run' then
        return 1000000;
    end if;
    select (defined.route).*
    into v_route
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_milestone.org_id
    and defined.stat = p_milestone.stat;
    if v_route.excuse_types is not null or v_route.unit_calendar is not null then
        return 1000000;
    end if;
    return least(
        (p_milestone.threshold + 1) * (1 + coalesce(v_route.grace, 0)) * case
            when p_milestone.lapse_measure = 'day_run' then 1
            when p_milestone.lapse_measure = 'week_run' then 7
            else 31
        end,
        1000000
    );
end;
$$;

comment on function badges_internal._reach_of(badges_internal.milestones) is
'Gives how many days after its own an activity may still matter to a condition that lapses.';
