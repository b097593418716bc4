-- Gives the runs that conditions ask of stats, each once, with how the stat's units are placed.
--
-- element_unit: the unit of which the stat keeps its own, null = its days, weeks and months count.
create or replace function badges_internal._verify_asked_runs(
    p_scope badges_internal.verified_scope
)
returns table (
    number integer,
    measure text,
    unit text,
    element_unit text,
    grace integer,
    week_shift integer,
    existing_days jsonb
)
language sql
stable
parallel safe
begin atomic
    select distinct
        condition.number,
        run.measure,
        split_part(run.measure, '_', 1),
        stat.element_unit,
        stat.grace,
        stat.week_shift,
        stat.existing_days
    from badges_internal._verify_conditions(p_scope) as condition
    inner join unnest((p_scope).stats) as stat using (number)
    cross join lateral (
        select coalesce(condition.lapse_measure, condition.measure) as measure
    ) as run
    where condition.measure in ('day_run', 'week_run', 'month_run', 'live_run');
end;

comment on function badges_internal._verify_asked_runs(badges_internal.verified_scope) is
'Gives the runs that conditions ask of stats, each once, with how the stat''s units are placed.';
