-- Tells when every element, a value or a unit, began to count in its part, and when it ceased to.
--
-- The activities are taken in the order of occurred_at, those of one instant together; change is 1
-- where the element counts from this instant on, until until_at if it is given, -1 where no longer.
create or replace function badges_internal._verify_element_changes(
    p_scope badges_internal.verified_scope,
    p_measures text[]
)
returns table (
    peer_mentor_id uuid,
    number integer,
    window_date date,
    per_value text,
    element text,
    changed_at timestamptz,
    change integer,
    until_at timestamptz
)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select from unnest(p_scope.stats) as stat
        where stat.measures && p_measures and stat.element_measure is not null
    ) then
        return;
    end if;
    return query
    with amounts as (
        select
            choice.peer_mentor_id,
            choice.number,
            choice.window_date,
            choice.per_value,
            choice.element,
            choice.element_target,
            choice.occurred_at,
            choice.element_amount as amount
        from badges_internal._verify_choices(p_scope, p_measures) as choice
        where choice.element is not null
        and choice.element_measure <> 'active_days'
        and (choice.element_measure = 'sum' or choice.element_target > 1)
        union all
        select
            choice.peer_mentor_id,
            choice.number,
            choice.window_date,
            choice.per_value,
            choice.element,
            choice.element_target,
            min(choice.occurred_at),
            1
        from badges_internal._verify_choices(p_scope, p_measures) as choice
        where choice.element is not null
        and choice.element_measure = 'active_days'
        and choice.element_target > 1
        group by 1, 2, 3, 4, 5, 6, choice.activity_date
    ), levels as (
        select
            amount.*,
            coalesce(sum(amount.amount) over in_order >= amount.element_target, false)
                as is_counted
        from amounts as amount
        window in_order as (
            partition by
                amount.peer_mentor_id, amount.number, amount.window_date, amount.per_value,
                amount.element
            order by amount.occurred_at
        )
    ), steps as (
        select
            level.*,
            lag(level.is_counted, 1, false) over (
                partition by
                    level.peer_mentor_id, level.number, level.window_date, level.per_value,
                    level.element
                order by level.occurred_at
            ) as was_counted
        from levels as level
    )
    -- Reached with the first activity that has an amount, and never lost.
    select
        choice.peer_mentor_id,
        choice.number,
        choice.window_date,
        choice.per_value,
        choice.element,
        min(choice.occurred_at),
        1,
        null
    from badges_internal._verify_choices(p_scope, p_measures) as choice
    where choice.element_amount is not null
    and choice.element_measure <> 'sum'
    and choice.element_target <= 1
    group by 1, 2, 3, 4, 5
    having choice.element is not null
    union all
    select
        step.peer_mentor_id,
        step.number,
        step.window_date,
        step.per_value,
        step.element,
        step.occurred_at,
        case when step.is_counted then 1 else -1 end,
        lead(step.occurred_at) over (
            partition by
                step.peer_mentor_id,
                step.number,
                step.window_date,
                step.per_value,
                step.element
            order by step.occurred_at
        )
    from steps as step
    where step.is_counted <> step.was_counted;
end;
$$;

comment on function badges_internal._verify_element_changes(
    badges_internal.verified_scope, text[]
) is
'Tells when every element, a value or a unit, began to count in its part, and when it ceased to.';
