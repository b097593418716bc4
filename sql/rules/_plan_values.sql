-- Measures stats from the activities for everybody: the best of its parts, a row a measure.
--
-- For stats that the snapshot does not have yet. One pass over the activities of the organizations;
-- rolling windows apart. may_fall: a sum fell at some moment, so the value may have stood higher.
create or replace function badges_internal._plan_values(
    p_definitions badges_internal.stat_definitions[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    measure text,
    value numeric,
    may_fall boolean
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_rolling badges_internal.stat_definitions;
begin
    foreach v_rolling in array p_definitions loop
        continue when (v_rolling.route).rolling_days is null;
        return query
        select rolled.peer_mentor_id, v_rolling.org_id, v_rolling.stat, rolled.measure,
            rolled.value, rolled.may_fall
        from badges_internal._plan_rolling_values(v_rolling) as rolled;
    end loop;
    if not exists (
        select from unnest(p_definitions) as defined
        where (defined.route).rolling_days is null
    ) then
        return;
    end if;
    return query
    with wanted as (
        select
            defined.org_id, defined.stat as name, defined.activity_types, defined.watched,
            (defined.route).*
        from unnest(p_definitions) as defined
        where (defined.route).rolling_days is null
    ),
    picked as (
        select
            a.peer_mentor_id,
            wanted.org_id,
            wanted.name,
            wanted.element_measure,
            badges_internal._bucket(
                wanted.per_field, wanted.window_unit, a.attributes, a.quantity, a.activity_date
            ) as bucket,
            case
                when wanted.element_unit is not null
                    then badges_internal._unit_number(wanted.element_unit, a.activity_date)::text
                when wanted.element_field is not null then badges_internal._scalar_text(
                    badges_internal._attribute(a.attributes, a.quantity, wanted.element_field)
                )
            end as element,
            case
                when wanted.has_days or wanted.element_measure = 'active_days'
                    then a.activity_date
            end as day,
            case
                when wanted.value_field is null then a.quantity
                else badges_internal._number(
                    badges_internal._attribute(a.attributes, a.quantity, wanted.value_field)
                )
            end as measured,
            case
                when wanted.element_measure in ('sum', 'max') then case
                    when wanted.element_value_field is null then a.quantity
                    else badges_internal._number(badges_internal._attribute(
                        a.attributes, a.quantity, wanted.element_value_field
                    ))
                end
            end as element_measured
        from badges.activities as a
        join wanted on wanted.org_id = a.org_id
        where (wanted.activity_types is null or a.activity_type = any(wanted.activity_types))
        and badges_internal._is_chosen(
            wanted.predicate, wanted.needs_quantity, wanted.needs_calendar, wanted.clock_zone,
            a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
    ),
    folded as materialized (
        select
            picked.peer_mentor_id, picked.org_id, picked.name, picked.bucket, picked.element,
            picked.day,
            count(*) as activity_count,
            sum(picked.measured) as value_sum,
            max(picked.measured) as value_max,
            coalesce(
                min(picked.measured) < 0
                or picked.element_measure = 'sum' and min(picked.element_measured) < 0,
                false
            ) as has_negative,
            sum(picked.element_measured) as element_sum,
            max(picked.element_measured) as element_max
        from picked
        where picked.bucket is not null
        group by
            picked.peer_mentor_id, picked.org_id, picked.name, picked.bucket, picked.element,
            picked.day, picked.element_measure
    ),
    totals as (
        select
            folded.peer_mentor_id, folded.org_id, folded.name, folded.bucket,
            sum(folded.activity_count) as activity_count,
            coalesce(sum(folded.value_sum), 0) as value_sum,
            max(folded.value_max) as value_max,
            bool_or(folded.has_negative) as has_negative,
            count(distinct folded.day) as active_days
        from folded
        group by folded.peer_mentor_id, folded.org_id, folded.name, folded.bucket
    ),
    elements as (
        select
            folded.peer_mentor_id, folded.org_id, folded.name, folded.bucket, folded.element
        from folded
        join wanted on wanted.org_id = folded.org_id and wanted.name = folded.name
        where folded.element is not null
        group by
            folded.peer_mentor_id, folded.org_id, folded.name, folded.bucket, folded.element,
            wanted.element_measure, wanted.element_at_least
        having wanted.element_at_least is null
        or case
            when wanted.element_measure = 'max' then max(folded.element_max)
            when wanted.element_measure = 'sum' then sum(folded.element_sum)
            when wanted.element_measure = 'active_days' then count(distinct folded.day)
            else sum(folded.activity_count)
        end >= wanted.element_at_least
    ),
    units as (
        select
            elements.peer_mentor_id, elements.org_id, elements.name, elements.bucket,
            wanted.element_unit as unit, elements.element::integer as number,
            coalesce(wanted.grace, 0) + 1 as reach
        from elements
        join wanted on wanted.org_id = elements.org_id and wanted.name = elements.name
        where wanted.element_unit is not null
        union all
        select distinct
            folded.peer_mentor_id, folded.org_id, folded.name, folded.bucket,
            run.unit, badges_internal._unit_number(run.unit, folded.day), 1
        from folded
        join wanted on wanted.org_id = folded.org_id and wanted.name = folded.name
        cross join unnest(array['day', 'week', 'month']) as run (unit)
        where wanted.has_days
        and run.unit || '_run' = any(wanted.watched)
    ),
    begun as (
        select
            units.*,
            units.number > units.reach + lag(units.number) over (
                partition by
                    units.peer_mentor_id, units.org_id, units.name, units.bucket, units.unit
                order by units.number
            ) as begins_run
        from units
    ),
    islands as (
        select
            begun.*,
            count(*) filter (where begun.begins_run) over (
                partition by
                    begun.peer_mentor_id, begun.org_id, begun.name, begun.bucket, begun.unit
                order by begun.number
            ) as island
        from begun
    ),
    measured as (
        select
            totals.peer_mentor_id, totals.org_id, totals.name, totals.has_negative,
            total.measure, total.value
        from totals
        cross join lateral (values
            ('count', totals.activity_count),
            ('sum', totals.value_sum),
            ('max', totals.value_max),
            ('active_days', totals.active_days::numeric)
        ) as total (measure, value)
        union all
        select
            elements.peer_mentor_id, elements.org_id, elements.name, false, 'distinct', count(*)
        from elements
        group by elements.peer_mentor_id, elements.org_id, elements.name, elements.bucket
        union all
        -- Also where no element counts any more: a sum may have been enough earlier.
        select
            totals.peer_mentor_id, totals.org_id, totals.name, totals.has_negative,
            asked.measure, 0
        from totals
        join wanted on wanted.org_id = totals.org_id and wanted.name = totals.name
        cross join unnest(wanted.watched) as asked (measure)
        where wanted.element_measure = 'sum'
        and (asked.measure = 'distinct' or asked.measure like '%\_run')
        union all
        select
            islands.peer_mentor_id, islands.org_id, islands.name, false,
            islands.unit || '_run', count(*)
        from islands
        group by
            islands.peer_mentor_id, islands.org_id, islands.name, islands.bucket, islands.unit,
            islands.island
    )
    select
        measured.peer_mentor_id, measured.org_id, measured.name, measured.measure,
        max(measured.value),
        bool_or(measured.has_negative)
            and (measured.measure = 'sum' or wanted.element_measure = 'sum')
    from measured
    join wanted
        on wanted.org_id = measured.org_id
        and wanted.name = measured.name
        and measured.measure = any(wanted.watched)
    group by
        measured.peer_mentor_id, measured.org_id, measured.name, measured.measure,
        wanted.element_measure;
end;
$$;

comment on function badges_internal._plan_values(badges_internal.stat_definitions[]) is
'Measures stats from the activities for everybody: the best of its parts, a row a measure.';
