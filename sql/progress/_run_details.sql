-- Tells of a streak's row how long its runs are and until when the current one lives.
create or replace function badges_internal._run_details(
    p_stats badges.peer_mentor_stats,
    p_unit text,
    p_grace integer,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text := badges_internal._unit_in(p_stats.org_id, p_unit);
    v_length constant integer := case
        when p_unit = 'day' then p_stats.day_run
        when p_unit = 'week' then p_stats.week_run
        else p_stats.month_run
    end;
    v_longest constant integer := case
        when p_unit = 'day' then p_stats.longest_day_run
        when p_unit = 'week' then p_stats.longest_week_run
        else p_stats.longest_month_run
    end;
    v_last constant integer := badges_internal._unit_number(v_unit, p_stats.run_end);
    v_is_alive constant boolean := coalesce(
        badges_internal._live_run(v_unit, v_length, p_stats.run_end, p_grace, p_as_of) > 0, false
    );
begin
    return jsonb_strip_nulls(jsonb_build_object(
        'unit', p_unit,
        'longest', coalesce(v_longest, 0),
        'current', case when v_is_alive then v_length else 0 end,
        'grace', p_grace,
        'first', case
            when not v_is_alive then null
            when p_grace is null then badges_internal._unit_day(v_unit, v_last - v_length + 1)
            else (
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
            )
        end,
        'last', case when v_is_alive then badges_internal._unit_day(v_unit, v_last) end,
        'alive_until', case when v_is_alive then
            badges_internal._unit_day(v_unit, v_last + 2 + coalesce(p_grace, 0)) - 1 end
    ));
end;
$$;

comment on function badges_internal._run_details(
    badges.peer_mentor_stats, text, integer, date
) is
'Tells of a streak''s row how long its runs are and until when the current one lives.';
