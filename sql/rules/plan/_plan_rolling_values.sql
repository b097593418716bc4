-- Measures the best rolling windows of one stat from the activities, for everybody.
create or replace function badges_internal._plan_rolling_values(
    p_defined badges_internal.stat_definitions,
    p_org_ids text[]
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
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_defined badges_internal.stat_definitions := p_defined;
    v_org_id text;
begin
    foreach v_org_id in array p_org_ids loop
        v_defined.org_id := v_org_id;
        return query
        select
            windows.peer_mentor_id, v_org_id, asked.measure,
            max(case
                when asked.measure = 'count' then windows.activity_count
                when asked.measure = 'sum' then coalesce(windows.value_sum, 0)
                when asked.measure = 'max' then windows.value_max
                when asked.measure = 'active_days' then windows.active_days
                when asked.measure = 'distinct' then windows.distinct_count
            end),
            bool_or(windows.has_negative) and (
                asked.measure = 'sum'
                or (v_defined.route).element_measure is not distinct from 'sum'
            )
        from badges_internal._rolling_windows(
            v_defined,
            array(
                select held.peer_mentor_id
                from badges.peer_mentor_stats as held
                where held.org_id = v_org_id
                and held.stat = '*'
            ),
            null,
            null
        ) as windows
        cross join unnest(v_defined.watched) as asked (measure)
        group by windows.peer_mentor_id, asked.measure;
    end loop;
end;
$$;

comment on function badges_internal._plan_rolling_values(
    badges_internal.stat_definitions, text[]
) is
'Measures the best rolling windows of one stat from the activities, for everybody.';
