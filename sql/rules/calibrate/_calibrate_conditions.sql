-- Measures each condition of a badge, of everybody: a row a person, organization and condition.
--
-- p_conditions: of one badge. By the activities of the days up to the local day p_until, or by all
-- of them (p_is_all), and that day's tenures. may_fall: a sum fell at some moment, so the value may
-- have stood higher.
create or replace function badges_internal._calibrate_conditions(
    p_document jsonb,
    p_conditions badges_internal.milestones[],
    p_until date,
    p_is_all boolean
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    node integer,
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
    v_last_day constant date := case when not p_is_all then p_until end;
begin
    return query
    select
        measured.peer_mentor_id, condition.org_id, condition.node, measured.value,
        measured.may_fall
    from unnest(p_conditions) as condition
    join badges_internal._plan_measured(p_conditions, v_last_day) as measured
        on measured.org_id = condition.org_id
        and measured.stat = condition.stat
        and measured.measure = condition.measure
    where condition.measure <> 'tenure'
    and (measured.value > 0 or measured.may_fall)
    union all
    select
        begun.peer_mentor_id, condition.org_id, condition.node,
        badges_internal._elapsed_units(
            badges_internal._tenure_unit(condition.threshold, condition.duration),
            begun.first_day, p_until
        )::numeric,
        false
    from unnest(p_conditions) as condition
    join badges_internal._plan_first_days(p_conditions, v_last_day) as begun
        on begun.org_id = condition.org_id
        and begun.stat = condition.stat
    where condition.measure = 'tenure'
    union all
    select
        counted.peer_mentor_id, counted.org_id, counted.node,
        (
            select count(*)
            from unnest(counted.moments) as earned (moment)
            where p_is_all
            or badges_internal._local_day(counted.org_id, earned.moment) <= p_until
        )::numeric,
        false
    from badges_internal._plan_counts(
        p_document, p_conditions, array[p_conditions[1].badge_definition_id], '{}', '{}'
    ) as counted
    -- Awards by hand may be of people who did nothing yet.
    where exists (
        select
        from badges.activities as activity
        where activity.peer_mentor_id = counted.peer_mentor_id
        and activity.org_id = counted.org_id
        and (p_is_all or activity.activity_date <= p_until)
    );
end;
$$;

comment on function badges_internal._calibrate_conditions(
    jsonb, badges_internal.milestones[], date, boolean
) is
'Measures each condition of a badge, of everybody: a row a person, organization and condition.';
