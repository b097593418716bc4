-- Tells when every condition on a sum or on distinct elements began to hold, and when it ceased to.
--
-- A part's activities are taken in the order of occurred_at, those of one instant together.
-- Thresholds are numbered by size for each measure of a stat: an instant crosses those between the
-- numbers that it has reached and had reached before.
create or replace function badges_internal._verify_level_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from unnest(p_scope.stats) as stat where stat.measures && array['sum', 'distinct']
    ) then
        return;
    end if;
    return query
    with conditions as materialized (
        select
            condition.*,
            dense_rank() over (
                partition by condition.number, condition.measure
                order by condition.threshold
            ) as place
        from badges_internal._verify_conditions(p_scope) as condition
        where condition.measure in ('sum', 'distinct')
    ), watched as materialized (
        select
            row_number() over () as watch,
            condition.number,
            condition.measure,
            array_agg(distinct condition.threshold order by condition.threshold) as thresholds
        from conditions as condition
        group by condition.number, condition.measure
    ), levels as (
        select
            change.peer_mentor_id,
            change.window_date,
            change.per_value,
            change.changed_at,
            watched.watch,
            case
                when sum(change.amount) over in_order >= watched.thresholds[1]
                    then width_bucket(sum(change.amount) over in_order, watched.thresholds)
                else 0
            end as reached
        from (
            select
                choice.peer_mentor_id,
                choice.number,
                choice.window_date,
                choice.per_value,
                'sum' as measure,
                choice.occurred_at as changed_at,
                choice.value as amount
            from (
                select each.*
                from badges_internal._verify_choices(p_scope, array['sum']) as each
                union all
                select each.*
                from badges_internal._verify_capped_choices(p_scope) as each
            ) as choice
            union all
            select
                element.peer_mentor_id,
                element.number,
                element.window_date,
                element.per_value,
                'distinct',
                element.changed_at,
                element.change
            from badges_internal._verify_element_changes(p_scope, array['distinct']) as element
        ) as change
        inner join watched using (number, measure)
        window in_order as (
            partition by
                change.peer_mentor_id, watched.watch, change.window_date, change.per_value
            order by change.changed_at
        )
    ), steps as (
        select
            step.*,
            lag(step.reached, 1, 0) over (
                partition by step.peer_mentor_id, step.watch, step.window_date, step.per_value
                order by step.changed_at
            ) as had_reached
        from levels as step
    )
    select
        step.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        step.changed_at,
        case when step.reached > step.had_reached then 1 else -1 end
    from steps as step
    inner join watched using (watch)
    inner join conditions as condition using (number, measure)
    where step.reached <> step.had_reached
    and condition.place > least(step.reached, step.had_reached)
    and condition.place <= greatest(step.reached, step.had_reached);
end;
$$;

comment on function badges_internal._verify_level_crossings(badges_internal.verified_scope) is
'Tells when every condition on a sum or on distinct elements began to hold, and when it ceased to.';
