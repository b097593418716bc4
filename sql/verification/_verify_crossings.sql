-- Tells when every condition began to hold, and when it ceased to.
--
-- A part's activities are taken in the order of occurred_at, those of one instant together; change
-- is 1 where the condition holds from this instant on, -1 where no longer. Only a value that falls
-- makes it cease. Thresholds are numbered by size for each measure of a stat: an instant crosses
-- those between the numbers that it has reached and had reached before.
create or replace function badges_internal._verify_crossings(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    condition_node integer,
    changed_at timestamptz,
    change integer
)
language sql
stable
parallel safe
begin atomic
    with conditions as materialized (
        select
            condition.*,
            dense_rank() over (
                partition by condition.org_id, condition.stat, condition.measure
                order by condition.threshold
            ) as place
        from badges_internal._verify_conditions() as condition
        where condition.measure in ('count', 'sum', 'max', 'active_days', 'distinct')
    ), watched as materialized (
        select
            condition.org_id,
            condition.stat,
            condition.measure,
            array_agg(distinct condition.threshold order by condition.threshold) as thresholds
        from conditions as condition
        group by condition.org_id, condition.stat, condition.measure
    ), steps as (
        select
            level.peer_mentor_id,
            level.org_id,
            level.stat,
            level.measure,
            level.changed_at,
            coalesce(width_bucket(level.level, watched.thresholds), 0) as reached,
            coalesce(width_bucket(level.earlier_level, watched.thresholds), 0) as had_reached
        from badges_internal._verify_levels(p_people) as level
        inner join watched using (org_id, stat, measure)
        offset 0
    )
    select
        step.peer_mentor_id,
        step.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        step.changed_at,
        case when step.reached > step.had_reached then 1 else -1 end
    from steps as step
    inner join conditions as condition using (org_id, stat, measure)
    where step.reached <> step.had_reached
    and condition.place > least(step.reached, step.had_reached)
    and condition.place <= greatest(step.reached, step.had_reached)
    union all
    select crossing.*
    from badges_internal._verify_run_crossings(p_people) as crossing
    union all
    select crossing.*
    from badges_internal._verify_tenure_crossings(p_people) as crossing;
end;

comment on function badges_internal._verify_crossings(uuid[]) is
'Tells when every condition began to hold, and when it ceased to.';
