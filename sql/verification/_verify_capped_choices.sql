-- Gives every activity that a capped stat chose with what its instant adds to its unit.
--
-- value: the unit's total up to the instant, cut, less what it was before it; an instant's first
-- activity has it, the others 0. element_amount: what the activity itself has.
create or replace function badges_internal._verify_capped_choices(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_choice
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select from unnest(p_scope.stats) as stat where stat.cap_unit is not null
    ) then
        return;
    end if;
    return query
    with placed as materialized (
        select
            choice.*,
            stat.cap_at,
            badges_internal._verify_unit_start(
                stat.cap_unit, choice.activity_date, stat.week_shift
            ) as unit_start
        from badges_internal._verify_activities(p_scope, null, 'capped') as choice
        inner join unnest(p_scope.stats) as stat using (number)
    ), totals as (
        select
            placed.*,
            coalesce(sum(placed.value) over (in_order range unbounded preceding), 0) as upto,
            coalesce(sum(placed.value) over (
                in_order groups between unbounded preceding and 1 preceding
            ), 0) as before,
            row_number() over (
                partition by
                    placed.peer_mentor_id, placed.number, placed.window_date, placed.per_value,
                    placed.unit_start, placed.occurred_at
            ) as place
        from placed
        window in_order as (
            partition by
                placed.peer_mentor_id, placed.number, placed.window_date, placed.per_value,
                placed.unit_start
            order by placed.occurred_at
        )
    )
    select
        total.peer_mentor_id,
        total.number,
        total.is_dated,
        total.element_measure,
        total.element_target,
        total.rolling_days,
        total.window_date,
        total.per_value,
        total.occurred_at,
        total.activity_date,
        case
            when total.place > 1 then 0
            else case when total.upto > total.cap_at then total.cap_at else total.upto end
                - case when total.before > total.cap_at then total.cap_at else total.before end
        end,
        total.element,
        total.value
    from totals as total;
end;
$$;

comment on function badges_internal._verify_capped_choices(badges_internal.verified_scope) is
'Gives every activity that a capped stat chose with what its instant adds to its unit.';
