-- Adds to the changes of per_unit streaks the runs their counted units now form.
--
-- Reads the person's counted units of the stat: one row a day, week or month. Units that do not
-- count may lie between two of a run, as _begins_run tells.
create or replace function badges_internal._add_unit_runs(
    p_changes badges_internal.element_change[]
)
returns badges_internal.element_change[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with units as (
            select
                change.peer_mentor_id, change.org_id, change.stat, change.bucket,
                element.element::date as unit_start,
                badges_internal._unit_number(change.element_unit, element.element::date) as number,
                defined.route
            from unnest(p_changes) as change
            join badges_internal.stat_definitions as defined
                on defined.org_id = change.org_id
                and defined.stat = change.stat
            cross join lateral (
                select counted.element
                from badges_internal.stat_elements as counted
                where counted.peer_mentor_id = change.peer_mentor_id
                and counted.org_id = change.org_id
                and counted.stat = change.stat
                and counted.bucket = change.bucket
                and counted.is_counted
                offset 0
            ) as element
            where change.element_unit is not null
        ),
        begun as (
            select
                units.*,
                badges_internal._begins_run(peer_mentor_id, org_id, route, before, number)
                    as begins_run
            from (
                select
                    units.*,
                    lag(number) over (
                        partition by peer_mentor_id, org_id, stat, bucket order by number
                    ) as before
                from units
            ) as units
        ),
        placed as (
            select
                begun.*,
                count(*) filter (where begins_run) over (
                    partition by peer_mentor_id, org_id, stat, bucket order by number
                ) as island
            from begun
        ),
        islands as (
            select
                peer_mentor_id, org_id, stat, bucket,
                count(*)::integer as run_length, max(unit_start) as run_end
            from placed
            group by peer_mentor_id, org_id, stat, bucket, island
        ),
        summed as (
            select
                peer_mentor_id, org_id, stat, bucket,
                max(run_length) as longest_unit_run,
                (array_agg(run_length order by run_end desc))[1] as unit_run,
                max(run_end) as run_end
            from islands
            group by peer_mentor_id, org_id, stat, bucket
        )
        select array_agg(row(
            change.peer_mentor_id, change.org_id, change.stat, change.bucket, change.element_unit,
            change.distinct_delta, coalesce(summed.unit_run, 0),
            coalesce(summed.longest_unit_run, 0), summed.run_end
        )::badges_internal.element_change)
        from unnest(p_changes) as change
        left join summed
            on summed.peer_mentor_id = change.peer_mentor_id
            and summed.org_id = change.org_id
            and summed.stat = change.stat
            and summed.bucket = change.bucket
    );
end;
$$;

comment on function badges_internal._add_unit_runs(badges_internal.element_change[]) is
'Adds to the changes of per_unit streaks the runs their counted units now form.';
