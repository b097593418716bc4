-- Measures what planned conditions ask for, of everybody: a row a person, stat and measure.
--
-- From the snapshot where it has the stat, else from the activities. p_until: by the activities up
-- to that local day, null = all. may_fall: a sum fell at some moment, so the value may have stood
-- higher.
create or replace function badges_internal._plan_measured(
    p_milestones badges_internal.milestones[],
    p_until date default null
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
    v_unmeasured constant badges_internal.stat_definitions[]
        := badges_internal._plan_unmeasured(p_milestones, p_until is not null);
begin
    return query
    with kept as materialized (
        select distinct
            milestones.org_id, milestones.stat, milestones.measure,
            coalesce((defined.route).element_measure = 'sum', false) as counts_sums
        from unnest(p_milestones) as milestones
        left join badges_internal.stat_definitions as defined
            on defined.org_id = milestones.org_id
            and defined.stat = milestones.stat
        where milestones.stat is not null
        and milestones.measure not in ('tenure', 'lapse')
        and not exists (
            select
            from unnest(v_unmeasured) as unmeasured
            where unmeasured.org_id = milestones.org_id
            and unmeasured.stat = milestones.stat
            and milestones.measure = any(unmeasured.watched)
        )
    )
    select
        held.peer_mentor_id, kept.org_id, kept.stat, kept.measure,
        max(badges_internal._measured(held, kept.measure)) as value,
        bool_or(held.has_negative and (kept.measure = 'sum' or kept.counts_sums)) as may_fall
    from kept
    join badges.peer_mentor_stats as held
        on held.org_id = kept.org_id
        and held.stat = kept.stat
    group by held.peer_mentor_id, kept.org_id, kept.stat, kept.measure
    union all
    select
        planned.peer_mentor_id, planned.org_id, (same.defined).stat, planned.measure,
        planned.value, planned.may_fall
    -- One pass over the activities a selector, whatever organizations ask for it.
    from (
        select (array_agg(defined))[1] as defined, array_agg(defined.org_id) as org_ids
        from unnest(v_unmeasured) as defined
        where coalesce((defined.route).rolling_days, (defined.route).sequence_size) is null
        group by
            defined.stat, defined.watched, (defined.route).clock_zone,
            badges_internal._unit_in(defined.org_id, 'week')
    ) as same
    cross join lateral badges_internal._plan_lasting_values(
        same.defined, same.org_ids, p_until
    ) as planned
    union all
    select
        best.peer_mentor_id, defined.org_id, defined.stat, asked.measure,
        max(case
            when asked.measure = 'count' then best.activity_count
            when asked.measure = 'sum' then coalesce(best.value_sum, 0)
            when asked.measure = 'max' then best.value_max
            when asked.measure = 'active_days' then best.active_days
            when asked.measure = 'distinct' then best.distinct_count
        end),
        bool_or(best.has_negative) and (
            asked.measure = 'sum' or (defined.route).element_measure is not distinct from 'sum'
        )
    from unnest(v_unmeasured) as defined
    cross join lateral badges_internal._rolling_windows(
        defined,
        array(
            select held.peer_mentor_id
            from badges.peer_mentor_stats as held
            where held.org_id = defined.org_id
            and held.rule_set_version is not null
        ),
        null,
        p_until
    ) as best
    cross join unnest(defined.watched) as asked (measure)
    where (defined.route).rolling_days is not null
    group by
        best.peer_mentor_id, defined.org_id, defined.stat, asked.measure,
        (defined.route).element_measure
    union all
    select
        reached.peer_mentor_id, defined.org_id, defined.stat, 'max', max(reached.value), false
    from unnest(v_unmeasured) as defined
    cross join lateral badges_internal._sequence_values(
        defined,
        array(
            select held.peer_mentor_id
            from badges.peer_mentor_stats as held
            where held.org_id = defined.org_id
            and held.rule_set_version is not null
        ),
        p_until
    ) as reached
    where (defined.route).sequence is not null
    and (defined.route).cap_unit is null
    group by reached.peer_mentor_id, defined.org_id, defined.stat
    union all
    select * from badges_internal._plan_capped(v_unmeasured, p_until);
end;
$$;

comment on function badges_internal._plan_measured(badges_internal.milestones[], date) is
'Measures what planned conditions ask for, of everybody: a row a person, stat and measure.';
