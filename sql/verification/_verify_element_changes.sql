-- Tells when every element, a value or a unit, began to count in its part, and when it ceased to.
--
-- The activities are taken in the order of occurred_at, those of one instant together; change is 1
-- where the element counts from this instant on, until until_at if it is given, -1 where no longer.
create or replace function badges_internal._verify_element_changes(
    p_people uuid[],
    p_measures text[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    window_end date,
    element text,
    changed_at timestamptz,
    change integer,
    until_at timestamptz
)
language sql
stable
parallel safe
begin atomic
    with choices as materialized (
        select
            dense_rank() over (
                order by
                    choice.peer_mentor_id,
                    choice.org_id,
                    choice.stat,
                    choice.bucket,
                    choice.window_end,
                    choice.element
            ) as part,
            choice.*
        from badges_internal._verify_choices(p_people, p_measures, true) as choice
        where choice.element is not null
    ), parts as (
        select distinct on (choice.part)
            choice.part,
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.window_end,
            choice.element,
            selector.element_measure,
            selector.element_target
        from choices as choice
        inner join badges_internal._verify_selectors(p_measures, true) as selector
            using (org_id, stat)
        order by choice.part
    ), amounts as (
        select choice.part, choice.occurred_at, sum(choice.element_amount) as amount
        from choices as choice
        group by choice.part, choice.occurred_at
    ), new_days as (
        select day.part, day.occurred_at, count(*) as amount
        from (
            select choice.part, min(choice.occurred_at) as occurred_at
            from choices as choice
            inner join parts as part using (part)
            where part.element_measure = 'active_days'
            group by choice.part, choice.activity_date
        ) as day
        group by day.part, day.occurred_at
    ), levels as (
        select
            part.part,
            amount.occurred_at,
            coalesce(
                sum(
                    case
                        when part.element_measure = 'active_days' then day.amount
                        else amount.amount
                    end
                ) over (partition by part.part order by amount.occurred_at) >= part.element_target,
                false
            ) as is_counted
        from amounts as amount
        inner join parts as part using (part)
        left join new_days as day using (part, occurred_at)
    ), steps as (
        select
            level.*,
            lag(level.is_counted, 1, false) over (
                partition by level.part order by level.occurred_at
            ) as was_counted
        from levels as level
    )
    select
        part.peer_mentor_id,
        part.org_id,
        part.stat,
        part.bucket,
        part.window_end,
        part.element,
        step.occurred_at,
        case when step.is_counted then 1 else -1 end,
        lead(step.occurred_at) over (partition by step.part order by step.occurred_at)
    from steps as step
    inner join parts as part using (part)
    where step.is_counted <> step.was_counted;
end;

comment on function badges_internal._verify_element_changes(uuid[], text[]) is
'Tells when every element, a value or a unit, began to count in its part, and when it ceased to.';
