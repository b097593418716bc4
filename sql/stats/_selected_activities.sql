-- Reads the activities that a stat selects, of some people in one organization.
--
-- p_from, p_to: first and last local day, null = all; p_bucket null = every bucket.
-- Reads the index (peer_mentor_id, activity_date, activity_type). Before the first analyze that of
-- the keys looks as good: `is not distinct from` is a condition of no index, here and elsewhere.
create or replace function badges_internal._selected_activities(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_bucket text,
    p_from date,
    p_to date
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric, -- what sum and max look at
    element text,
    element_measured numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_defined badges_internal.stat_definitions;
    v_route badges_internal.stat_route;
    v_types text[];
begin
    if p_stat like '=%' then
        v_types := array[substr(p_stat, 2)];
    elsif p_stat <> '*' then
        v_defined := badges_internal._stat_definition(p_org_id, p_stat);
        v_route := v_defined.route;
        v_types := v_defined.activity_types;
        if v_route.stat is null then
            return;
        end if;
    end if;
    return query
    select
        a.peer_mentor_id, reading.bucket, a.activity_date, a.occurred_at, a.activity_id,
        reading.measured, reading.element, reading.element_measured
    from badges.activities as a
    cross join lateral badges_internal._reading(
        v_route.per_field, v_route.window_unit, v_route.value_field, v_route.element_field,
        v_route.element_unit, v_route.element_measure, v_route.element_value_field, a.attributes,
        a.quantity, a.activity_date
    ) as reading
    where a.peer_mentor_id = any(p_peer_mentor_ids)
    and a.org_id is not distinct from p_org_id
    and a.activity_date >= coalesce(p_from, '-infinity')
    and a.activity_date <= coalesce(p_to, 'infinity')
    and (v_types is null or a.activity_type = any(v_types))
    and badges_internal._is_chosen(
        v_route.predicate, v_route.needs_quantity, v_route.needs_calendar, v_route.clock_zone,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
    and reading.bucket = coalesce(p_bucket, reading.bucket);
end;
$$;

comment on function badges_internal._selected_activities(uuid[], text, text, text, date, date) is
'Reads the activities that a stat selects, of some people in one organization.';
