-- Measures the parts of a stat from the activities: of the given people, or of everybody.
--
-- For stats without elements, days and rolling windows, the same in each of the organizations.
-- p_peer_mentor_ids null: everybody, in one pass over the table; else their index ranges are read.
-- place: the one that decides a badge alone, reached_at and reached_id: its activity in this part.
-- Planned for the stat at hand: what its selector does not ask for is not computed.
create or replace function badges_internal._measured_parts(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_stat text
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    bucket text,
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    first_at timestamptz,
    last_at timestamptz,
    place bigint,
    reached_at timestamptz,
    reached_id bigint
)
language plpgsql
volatile
rows 10000
set search_path = pg_catalog, pg_temp
set enable_bitmapscan = off
set enable_seqscan = off
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_defined constant badges_internal.stat_definitions
        := badges_internal._stat_definition(p_org_ids[1], p_stat);
    v_types constant text[] := v_defined.activity_types;
    v_route constant badges_internal.stat_route := v_defined.route;
    v_certain constant record := badges_internal._certain_attribute(v_defined.selector);
    v_place constant bigint := (
        select min(ceil(milestone.threshold))
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and milestone.stat = p_stat
        and milestone.measure = 'count'
        and milestone.parent is null
    );
begin
    if p_peer_mentor_ids = '{}' then
        return;
    elsif p_peer_mentor_ids is null then
        perform
            set_config('enable_seqscan', 'on', true),
            -- One core, so that writers have the others.
            set_config('max_parallel_workers_per_gather', '0', true);
    end if;
    return query
    select
        placed.peer_mentor_id, placed.org_id,
        badges_internal._bucket(null, v_route.window_unit, null, null, placed.window_start)
            || case when v_route.window_unit is not null and v_route.per_field is not null
                then ' ' else '' end
            || case when v_route.per_field is not null then placed.per_value else '' end,
        count(*), coalesce(sum(placed.measured), 0), max(placed.measured),
        coalesce(min(placed.measured) < 0, false),
        min(placed.occurred_at), max(placed.occurred_at), v_place,
        min(placed.occurred_at) filter (where placed.place = v_place),
        min(placed.activity_id) filter (where placed.place = v_place)
    from (
        select picked.*, row_number() over (
            partition by
                picked.peer_mentor_id, picked.org_id, picked.window_start, picked.per_value
            order by picked.occurred_at, picked.activity_id
        ) as place
        from (
            select
                a.peer_mentor_id, a.org_id, a.occurred_at, a.activity_id,
                -- Apart, and as a date: naming the bucket would cost more than all else.
                case when v_route.window_unit is not null
                    then badges_internal._unit_start(v_route.window_unit, a.activity_date)
                end as window_start,
                case when v_route.per_field is not null then badges_internal._scalar_text(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.per_field)
                ) end as per_value,
                case
                    when v_route.value_field is null then a.quantity
                    else badges_internal._number(badges_internal._attribute(
                        a.attributes, a.quantity, v_route.value_field
                    ))
                end as measured
            from badges.activities as a
            where (p_peer_mentor_ids is null or a.peer_mentor_id = any(p_peer_mentor_ids))
            and a.org_id = any(p_org_ids)
            -- In this order: a look into the attributes costs more than all before.
            and case when v_types is null or a.activity_type = any(v_types)
                then coalesce(
                    a.attributes ->> v_certain.field = v_certain.content, v_certain.field is null
                ) and badges_internal._is_chosen(
                    v_route.predicate, v_route.needs_quantity, v_route.needs_calendar,
                    v_route.clock_zone, a.attributes, a.quantity, a.activity_date, a.occurred_at
                )
            end
        ) as picked
        where v_route.per_field is null
        or picked.per_value is not null
    ) as placed
    group by placed.peer_mentor_id, placed.org_id, placed.window_start, placed.per_value;
end;
$$;

comment on function badges_internal._measured_parts(uuid[], text[], text) is
'Measures the parts of a stat from the activities: of the given people, or of everybody.';
