-- Tells when every condition on the last so many days began to hold, and when it ceased to.
--
-- An activity counts from its moment, or its day's beginning where that comes later, until the day
-- so many days after its own begins. Values and days count while one of their activities does.
create or replace function badges_internal._verify_last_days_crossings(
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
        select from unnest(p_scope.stats) as stat where stat.measures && array['last_days']
    ) then
        return;
    end if;
    return query
    with conditions as materialized (
        select
            condition.*, organization.time_zone, organization.day_starts,
            row_number() over () as condition_number,
            case when condition.lapse_measure = 'max' then 1 else condition.threshold end as target
        from badges_internal._verify_conditions(p_scope) as condition
        inner join badges.organizations as organization using (org_id)
        where condition.measure = 'last_days'
    ), entries as (
        select
            choice.peer_mentor_id,
            condition.condition_number,
            condition.target,
            choice.per_value,
            case condition.lapse_measure
                when 'distinct' then choice.element
                when 'active_days' then choice.activity_date::text
            end as element,
            case condition.lapse_measure
                when 'sum' then choice.value
                when 'max' then (choice.value >= condition.threshold)::integer
                else 1
            end as amount,
            greatest(choice.occurred_at, badges_internal._verify_day_begins(
                choice.activity_date, condition.time_zone, condition.day_starts
            )) as from_at,
            badges_internal._verify_day_begins(
                choice.activity_date + condition.last_days, condition.time_zone,
                condition.day_starts
            ) as until_at
        from badges_internal._verify_choices(p_scope, array['last_days']) as choice
        inner join conditions as condition using (number)
        where condition.lapse_measure <> 'distinct' or choice.element is not null
    ), steps as (
        select
            entry.peer_mentor_id, entry.condition_number, entry.target, entry.per_value,
            entry.element, step.at, sum(step.amount) as amount
        from entries as entry
        cross join lateral (
            values (entry.from_at, entry.amount), (entry.until_at, -entry.amount)
        ) as step (at, amount)
        where entry.from_at < entry.until_at
        and entry.amount is not null
        group by 1, 2, 3, 4, 5, 6
    ), amounts as (
        select
            step.*,
            case
                when step.element is null then step.amount
                else (sum(step.amount) over in_order > 0)::integer
                    - (coalesce(sum(step.amount) over before, 0) > 0)::integer
            end as change
        from steps as step
        window in_order as (
            partition by step.peer_mentor_id, step.condition_number, step.per_value, step.element
            order by step.at
        ), before as (in_order rows between unbounded preceding and 1 preceding)
    ), totals as (
        select
            moment.*,
            sum(moment.change) over in_order >= moment.target as holds,
            coalesce(sum(moment.change) over before >= moment.target, false) as held
        from (
            select
                amount.peer_mentor_id, amount.condition_number, amount.target, amount.per_value,
                amount.at, sum(amount.change) as change
            from amounts as amount
            group by 1, 2, 3, 4, 5
        ) as moment
        window in_order as (
            partition by moment.peer_mentor_id, moment.condition_number, moment.per_value
            order by moment.at
        ), before as (in_order rows between unbounded preceding and 1 preceding)
    )
    select
        total.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        total.at,
        case when total.holds then 1 else -1 end
    from totals as total
    inner join conditions as condition using (condition_number)
    where total.holds <> total.held;
end;
$$;

comment on function badges_internal._verify_last_days_crossings(badges_internal.verified_scope) is
'Tells when every condition on the last so many days began to hold, and when it ceased to.';
