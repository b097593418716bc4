-- Gives every activity of the people once for each rolling window that it lies in.
--
-- There is no window before its last day has an activity; from then on all that lies in it counts.
-- Looks at no activity where no rule has such a window.
create or replace function badges_internal._verify_rolling_choices(
    p_people uuid[],
    p_measures text[],
    p_has_elements boolean
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    window_end date,
    occurred_at timestamptz,
    activity_date date,
    value numeric,
    element text,
    element_amount numeric
)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from badges_internal._verify_selectors(p_measures, p_has_elements) as selector
        where selector.rolling_days is not null
    ) then
        return;
    end if;
    return query
    with rolling as materialized (
        select
            choice.*,
            -- Blocks of so many days: what lies in a window lies in its last day's block or the
            -- one before.
            (choice.activity_date - date '1800-01-01') / selector.rolling_days as block,
            selector.rolling_days
        from badges_internal._verify_rule_choices(p_people, p_measures, p_has_elements, true)
            as choice
        inner join badges_internal._verify_selectors(p_measures, p_has_elements) as selector
            using (org_id, stat)
    ), windows as (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.block,
            choice.activity_date as window_end,
            min(choice.occurred_at) as begun_at
        from rolling as choice
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.block,
            choice.activity_date
    )
    select
        choice.peer_mentor_id,
        choice.org_id,
        choice.stat,
        choice.bucket,
        rolled.window_end,
        greatest(choice.occurred_at, rolled.begun_at),
        choice.activity_date,
        choice.value,
        choice.element,
        choice.element_amount
    from rolling as choice
    cross join (values (0), (1)) as later (blocks)
    inner join windows as rolled
        on rolled.peer_mentor_id = choice.peer_mentor_id
        and rolled.org_id = choice.org_id
        and rolled.stat = choice.stat
        and rolled.bucket = choice.bucket
        and rolled.block = choice.block + later.blocks
    where rolled.window_end between choice.activity_date
        and choice.activity_date + choice.rolling_days - 1;
end;
$$;

comment on function badges_internal._verify_rolling_choices(uuid[], text[], boolean) is
'Gives every activity of the people once for each rolling window that it lies in.';
