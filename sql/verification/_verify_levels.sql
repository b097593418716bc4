-- Gives every measure but runs and tenure at each instant of its part, and just before it.
--
-- The activities of one instant count together. A level is null where there is nothing to measure.
create or replace function badges_internal._verify_levels(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    measure text,
    changed_at timestamptz,
    level numeric,
    earlier_level numeric
)
language sql
stable
parallel safe
begin atomic
    with watched as (
        select distinct condition.org_id, condition.stat, condition.measure
        from badges_internal._verify_conditions() as condition
        where condition.measure in ('count', 'sum', 'max')
    ), instants as (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.window_end,
            choice.occurred_at,
            count(*) as activity_count,
            sum(choice.value) as value_sum,
            max(choice.value) as value_max
        from badges_internal._verify_choices(p_people, array['count', 'sum', 'max'], null) as choice
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.window_end,
            choice.occurred_at
    ), running as (
        select
            instant.*,
            sum(instant.activity_count) over in_order as running_count,
            sum(instant.value_sum) over in_order as running_sum,
            max(instant.value_max) over in_order as running_max
        from instants as instant
        window in_order as (
            partition by
                instant.peer_mentor_id,
                instant.org_id,
                instant.stat,
                instant.bucket,
                instant.window_end
            order by instant.occurred_at
        )
    ), lagged as (
        select
            running.*,
            lag(running.running_count) over in_order as earlier_count,
            lag(running.running_sum) over in_order as earlier_sum,
            lag(running.running_max) over in_order as earlier_max
        from running
        window in_order as (
            partition by
                running.peer_mentor_id,
                running.org_id,
                running.stat,
                running.bucket,
                running.window_end
            order by running.occurred_at
        )
    ), days as (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.window_end,
            min(choice.occurred_at) as began_at
        from badges_internal._verify_choices(p_people, array['active_days'], null) as choice
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.window_end,
            choice.activity_date
    ), changes as (
        select
            day.peer_mentor_id,
            day.org_id,
            day.stat,
            'active_days' as measure,
            day.bucket,
            day.window_end,
            day.began_at as changed_at,
            1 as change
        from days as day
        union all
        select
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            'distinct',
            element.bucket,
            element.window_end,
            element.changed_at,
            element.change
        from badges_internal._verify_element_changes(p_people, array['distinct']) as element
    )
    select
        lagged.peer_mentor_id,
        lagged.org_id,
        lagged.stat,
        watched.measure,
        lagged.occurred_at,
        case
            when watched.measure = 'count' then lagged.running_count
            when watched.measure = 'sum' then lagged.running_sum
            else lagged.running_max
        end,
        case
            when watched.measure = 'count' then lagged.earlier_count
            when watched.measure = 'sum' then lagged.earlier_sum
            else lagged.earlier_max
        end
    from lagged
    inner join watched using (org_id, stat)
    union all
    select
        changed.peer_mentor_id,
        changed.org_id,
        changed.stat,
        changed.measure,
        changed.changed_at,
        changed.level,
        lag(changed.level) over (
            partition by
                changed.peer_mentor_id,
                changed.org_id,
                changed.stat,
                changed.measure,
                changed.bucket,
                changed.window_end
            order by changed.changed_at
        )
    from (
        select
            change.peer_mentor_id,
            change.org_id,
            change.stat,
            change.measure,
            change.bucket,
            change.window_end,
            change.changed_at,
            sum(sum(change.change)) over (
                partition by
                    change.peer_mentor_id,
                    change.org_id,
                    change.stat,
                    change.measure,
                    change.bucket,
                    change.window_end
                order by change.changed_at
            ) as level
        from changes as change
        group by
            change.peer_mentor_id,
            change.org_id,
            change.stat,
            change.measure,
            change.bucket,
            change.window_end,
            change.changed_at
    ) as changed;
end;

comment on function badges_internal._verify_levels(uuid[]) is
'Gives every measure but runs and tenure at each instant of its part, and just before it.';
