-- Tells of a streak's row how long its runs are and until when the current one lives.
--
-- Of the current run too: which units are excused and do not count, and which of the organization's
-- closed days it passes over. p_route null = of a base stat.
create or replace function badges_internal._run_details(
    p_stats badges.peer_mentor_stats,
    p_unit text,
    p_route badges_internal.stat_route,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text := badges_internal._unit_in(p_stats.org_id, p_unit);
    v_length constant integer := badges_internal._present_run(p_stats, v_unit, p_route, p_as_of);
    v_longest constant integer := case
        when p_unit = 'day' then p_stats.longest_day_run
        when p_unit = 'week' then p_stats.longest_week_run
        else p_stats.longest_month_run
    end;
    v_last constant integer := badges_internal._unit_number(v_unit, p_stats.run_end);
    v_is_alive constant boolean := coalesce(v_length > 0, false);
    v_first date;
    v_until date;
    v_excused date[];
begin
    if v_is_alive and p_route.element_unit is null then
        v_first := badges_internal._unit_day(v_unit, v_last - v_length + 1);
        v_until := badges_internal._unit_day(v_unit, v_last + 2) - 1;
    elsif v_is_alive then
        v_first := (
            select min(counted.element::date)
            from (
                select element.element
                from badges_internal.stat_elements as element
                where element.peer_mentor_id = p_stats.peer_mentor_id
                and element.org_id = p_stats.org_id
                and element.stat = p_stats.stat
                and element.bucket = ''
                and element.is_counted
                order by element.element desc
                limit v_length
            ) as counted
        );
        if p_route.excuse_types is not null then
            v_excused := badges_internal._excused_units(
                p_stats.peer_mentor_id, p_stats.org_id, p_route, v_first, null
            );
        end if;
        v_until := badges_internal._alive_until(p_route, p_stats.run_end, v_excused);
    end if;
    return jsonb_strip_nulls(jsonb_build_object(
        'unit', p_unit,
        'longest', coalesce(v_longest, 0),
        'current', case when v_is_alive then v_length else 0 end,
        'grace', p_route.grace,
        'first', v_first,
        'last', case when v_is_alive then badges_internal._unit_day(v_unit, v_last) end,
        'alive_until', v_until,
        'excused', (
            select jsonb_agg(excused.day order by excused.day)
            from unnest(v_excused) as excused (day)
            where excused.day <= v_until
            and not exists (
                select
                from badges_internal.stat_elements as element
                where element.peer_mentor_id = p_stats.peer_mentor_id
                and element.org_id = p_stats.org_id
                and element.stat = p_stats.stat
                and element.bucket = ''
                and element.element = to_char(excused.day::timestamp, 'YYYY-MM-DD')
                and element.is_counted
            )
        ),
        'closed', (
            select jsonb_agg(day.day order by day.day)
            from (
                select (v_first + passed.days) as day
                from generate_series(1, v_until - v_first) as passed (days)
                where p_route.unit_calendar ? 'closed'
            ) as day
            where not badges_internal._day_exists(p_route.unit_calendar, day.day)
            and badges_internal._day_exists(p_route.unit_calendar - 'closed', day.day)
        )
    ));
end;
$$;

comment on function badges_internal._run_details(
    badges.peer_mentor_stats, text, badges_internal.stat_route, date
) is
'Tells of a streak''s row how long its runs are and until when the current one lives.';
