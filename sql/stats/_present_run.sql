-- Gives the length of a row's run as of a day: 0 once more units are missed than it may miss.
--
-- The unit of p_as_of may still count. p_route null = of a base stat. Activities are read only of a
-- streak with excuses, of the days since its last unit.
create or replace function badges_internal._present_run(
    p_held badges.peer_mentor_stats,
    p_unit text,
    p_route badges_internal.stat_route,
    p_as_of date
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return case
        when case
            when num_nonnulls((p_route).unit_calendar, (p_route).excuse_types) > 0
                then badges_internal._goes_on(
                    (p_held).peer_mentor_id, (p_held).org_id, p_route, (p_held).run_end, p_as_of
                )
            else badges_internal._unit_number(p_unit, p_as_of)
                <= badges_internal._unit_number(p_unit, (p_held).run_end) + 1
                    + coalesce((p_route).grace, 0)
        end then case
            when p_unit = 'day' then (p_held).day_run
            when starts_with(p_unit, 'week') then (p_held).week_run
            when p_unit = 'month' then (p_held).month_run
        end
        else 0
    end;
end;
$$;

comment on function badges_internal._present_run(
    badges.peer_mentor_stats, text, badges_internal.stat_route, date
) is
'Gives the length of a row''s run as of a day: 0 once more units are missed than it may miss.';
