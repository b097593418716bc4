-- Gives every activity of the people once for each rolling window that it lies in.
--
-- There is no window before its last day has an activity; from then on all that lies in it counts.
-- Looks at no activity where no rule has such a window.
create or replace function badges_internal._verify_rolling_choices(
    p_scope badges_internal.verified_scope,
    p_measures text[]
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
        select
        from unnest(p_scope.stats) as stat
        where stat.rolling_days is not null
        and (p_measures is null or stat.measures && p_measures)
    ) then
        return;
    end if;
    return query
    with rolling as materialized (
        select
            choice.*,
            -- Blocks of so many days: what lies in a window lies in its last day's block or the
            -- one before.
            (choice.activity_date - date '1800-01-01') / choice.rolling_days as block
        from badges_internal._verify_activities(p_scope, p_measures, 'rolling') as choice
    ), windows as (
        select
            choice.peer_mentor_id,
            choice.number,
            choice.per_value,
            choice.block,
            choice.activity_date as window_date,
            min(choice.occurred_at) as begun_at
        from rolling as choice
        group by
            choice.peer_mentor_id,
            choice.number,
            choice.per_value,
            choice.block,
            choice.activity_date
    )
    select
        choice.peer_mentor_id,
        choice.number,
        choice.is_dated,
        choice.element_measure,
        choice.element_target,
        choice.rolling_days,
        rolled.window_date,
        choice.per_value,
        greatest(choice.occurred_at, rolled.begun_at),
        choice.activity_date,
        choice.value,
        choice.element,
        choice.element_amount
    from rolling as choice
    cross join (values (0), (1)) as later (blocks)
    inner join windows as rolled
        on rolled.peer_mentor_id = choice.peer_mentor_id
        and rolled.number = choice.number
        and rolled.per_value = choice.per_value
        and rolled.block = choice.block + later.blocks
    where rolled.window_date between choice.activity_date
        and choice.activity_date + choice.rolling_days - 1;
end;
$$;

comment on function badges_internal._verify_rolling_choices(
    badges_internal.verified_scope, text[]
) is
'Gives every activity of the people once for each rolling window that it lies in.';
