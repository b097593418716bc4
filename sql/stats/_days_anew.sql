-- Counts a row's active days and runs from all its activities.
create or replace function badges_internal._days_anew(
    p_part badges_internal.changed_part,
    p_held badges_internal.held_stat
)
returns badges_internal.held_stat
language plpgsql
volatile
as $$
declare
    v_left badges_internal.held_stat := p_held;
begin
    with days as materialized (
        select distinct found.activity_date
        from badges_internal._part_activities(p_part, null, null) as found
    ),
    placed as (
        select
            each.place,
            each.number,
            each.number - row_number() over (
                partition by each.place order by each.number
            ) as island
        from (
            select distinct
                unit.place,
                badges_internal._unit_number(unit.name, days.activity_date) as number
            from days
            cross join (values
                (1, 'day'), (2, badges_internal._unit_in(p_part.org_id, 'week')), (3, 'month')
            ) as unit (place, name)
        ) as each
    ),
    runs as (
        select place, count(*)::integer as length, max(number) as last_unit
        from placed
        group by place, island
    ),
    measured as (
        select
            place,
            max(length) as longest,
            (array_agg(length order by last_unit desc))[1] as current
        from runs
        group by place
    )
    select
        (select count(*) from days),
        (select max(activity_date) from days),
        array_agg(measured.current order by measured.place),
        array_agg(measured.longest order by measured.place)
    into v_left.active_days, v_left.last_date, v_left.runs, v_left.longest_runs
    from measured;
    v_left.run_end := v_left.last_date;
    return v_left;
end;
$$;

comment on function badges_internal._days_anew(
    badges_internal.changed_part, badges_internal.held_stat
) is
'Counts a row''s active days and runs from all its activities.';
