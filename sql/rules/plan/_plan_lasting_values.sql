-- Measures one stat without rolling windows from the activities, for everybody.
--
-- Planned for the stat at hand: what its selector does not ask for is not computed. p_until: the
-- last local day of the activities to look at, null = all.
create or replace function badges_internal._plan_lasting_values(
    p_defined badges_internal.stat_definitions,
    p_org_ids text[],
    p_until date
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    measure text,
    value numeric,
    may_fall boolean
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set enable_sort = off
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_certain constant record := badges_internal._certain_attribute(p_defined.selector);
    v_watched constant text[] := p_defined.watched;
    -- Whether a part is folded in pieces, by day or element.
    v_is_split constant boolean := v_route.has_days
        or num_nonnulls(v_route.element_field, v_route.element_unit) > 0;
begin
    return query
    with picked as (
        select
            a.peer_mentor_id, a.org_id,
            -- Apart, and as a date: naming the bucket would cost more than all else.
            case when v_route.window_unit is not null
                then badges_internal._unit_start(v_route.window_unit, a.activity_date)
            end as window_start,
            case when v_route.per_field is not null then badges_internal._scalar_text(
                badges_internal._attribute(a.attributes, a.quantity, v_route.per_field)
            ) end as per_value,
            case when v_route.has_days or v_route.element_measure = 'active_days'
                then a.activity_date end as day,
            case
                when not v_watched && array['sum', 'max'] then null
                when v_route.value_field is null then a.quantity
                else badges_internal._number(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.value_field)
                )
            end as measured,
            case
                when v_route.element_unit is not null
                    then badges_internal._unit_number(v_route.element_unit, a.activity_date)::text
                when v_route.element_field is not null then badges_internal._scalar_text(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.element_field)
                )
            end as element,
            case
                when not coalesce(v_route.element_measure in ('sum', 'max'), false) then null
                when v_route.element_value_field is null then a.quantity
                else badges_internal._number(badges_internal._attribute(
                    a.attributes, a.quantity, v_route.element_value_field
                ))
            end as element_measured
        from badges.activities as a
        where a.org_id = any(p_org_ids)
        and (p_until is null or a.activity_date <= p_until)
        -- In this order: a look into the attributes costs more than all before.
        and case
            when p_defined.activity_types is null or a.activity_type = any(p_defined.activity_types)
                then coalesce(
                    a.attributes ->> v_certain.field = v_certain.content, v_certain.field is null
                ) and badges_internal._is_chosen(
                    v_route.predicate, v_route.needs_quantity, v_route.needs_calendar,
                    v_route.clock_zone, a.attributes, a.quantity, a.activity_date, a.occurred_at
                )
        end
    ),
    folded as materialized (
        select
            picked.peer_mentor_id, picked.org_id, picked.window_start, picked.per_value,
            picked.day, picked.element,
            count(*) as activity_count, sum(picked.measured) as value_sum,
            max(picked.measured) as value_max,
            coalesce(
                min(picked.measured) < 0
                or v_route.element_measure = 'sum' and min(picked.element_measured) < 0,
                false
            ) as has_negative,
            sum(picked.element_measured) as element_sum, max(picked.element_measured) as element_max
        from picked
        where v_route.per_field is null or picked.per_value is not null
        group by 1, 2, 3, 4, 5, 6
    ),
    totals as (
        select
            folded.peer_mentor_id, folded.org_id, folded.activity_count,
            coalesce(folded.value_sum, 0) as value_sum, folded.value_max, folded.has_negative,
            null::bigint as active_days
        from folded
        where not v_is_split
        union all
        select
            folded.peer_mentor_id, folded.org_id, sum(folded.activity_count),
            coalesce(sum(folded.value_sum), 0), max(folded.value_max),
            bool_or(folded.has_negative),
            case when 'active_days' = any(v_watched) then count(distinct folded.day) end
        from folded
        where v_is_split
        group by folded.peer_mentor_id, folded.org_id, folded.window_start, folded.per_value
    ),
    elements as (
        select folded.peer_mentor_id, folded.org_id, folded.window_start, folded.per_value,
            folded.element
        from folded
        where folded.element is not null
        group by 1, 2, 3, 4, 5
        having v_route.element_at_least is null
        or case
            when v_route.element_measure = 'max' then max(folded.element_max)
            when v_route.element_measure = 'sum' then sum(folded.element_sum)
            when v_route.element_measure = 'active_days' then count(distinct folded.day)
            else sum(folded.activity_count)
        end >= v_route.element_at_least
    ),
    units as (
        select elements.peer_mentor_id, elements.org_id, elements.window_start, elements.per_value,
            split_part(v_route.element_unit, '_', 1) as unit, elements.element::integer as number
        from elements
        where v_route.element_unit is not null
        union all
        select distinct
            folded.peer_mentor_id, folded.org_id, folded.window_start, folded.per_value,
            run.kind, badges_internal._unit_number(run.unit, folded.day)
        from folded
        cross join (
            select asked.kind, badges_internal._unit_in(p_org_ids[1], asked.kind) as unit
            from unnest(array['day', 'week', 'month']) as asked (kind)
            where asked.kind || '_run' = any(v_watched)
        ) as run
        where v_route.has_days
    ),
    begun as (
        select
            units.*,
            badges_internal._begins_run(
                units.peer_mentor_id, units.org_id, v_route, units.before, units.number
            ) as begins_run
        from (
            select
                units.*, lag(units.number) over (
                    partition by units.peer_mentor_id, units.org_id, units.window_start,
                        units.per_value, units.unit
                    order by units.number
                ) as before
            from units
        ) as units
    ),
    islands as (
        select begun.*, count(*) filter (where begun.begins_run) over (
            partition by begun.peer_mentor_id, begun.org_id, begun.window_start, begun.per_value,
                begun.unit
            order by begun.number
        ) as island
        from begun
    ),
    measured as (
        select
            totals.peer_mentor_id, totals.org_id, totals.has_negative, asked.measure,
            case
                when asked.measure = 'count' then totals.activity_count
                when asked.measure = 'sum' then totals.value_sum
                when asked.measure = 'max' then totals.value_max
                when asked.measure = 'active_days' then totals.active_days
                -- Also where no element counts any more: a sum may have been enough earlier.
                when v_route.element_measure = 'sum' then 0
            end as value
        from totals
        cross join unnest(v_watched) as asked (measure)
        union all
        select elements.peer_mentor_id, elements.org_id, false, 'distinct', count(*)
        from elements
        group by elements.peer_mentor_id, elements.org_id, elements.window_start, elements.per_value
        union all
        select islands.peer_mentor_id, islands.org_id, false, islands.unit || '_run', count(*)
        from islands
        group by islands.peer_mentor_id, islands.org_id, islands.window_start, islands.per_value,
            islands.unit, islands.island
    )
    select
        measured.peer_mentor_id, measured.org_id, measured.measure, max(measured.value),
        bool_or(measured.has_negative)
            and (measured.measure = 'sum' or v_route.element_measure is not distinct from 'sum')
    from measured
    where measured.measure = any(v_watched)
    group by measured.peer_mentor_id, measured.org_id, measured.measure;
end;
$$;

comment on function badges_internal._plan_lasting_values(
    badges_internal.stat_definitions, text[], date
) is
'Measures one stat without rolling windows from the activities, for everybody.';
