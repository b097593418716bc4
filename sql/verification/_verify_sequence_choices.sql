-- Gives every activity that a sequence chose with what the sequence had come to at its instant.
--
-- value: the run or the share at the end of the instant, null while there are too few;
-- element_amount: whether it qualifies. A run is what qualified so far less what had qualified
-- before the instant in which something last failed. Looks at no activity where no rule has one.
create or replace function badges_internal._verify_sequence_choices(
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
        select from unnest(p_scope.stats) as stat where stat.sequence is not null
    ) then
        return;
    end if;
    return query
    with placed as materialized (
        select
            choice.*,
            row_number() over in_order as place,
            sum(choice.value) over (in_order rows unbounded preceding) as qualified
        from badges_internal._verify_activities(p_scope, null, 'sequence') as choice
        window in_order as (
            partition by choice.peer_mentor_id, choice.number
            order by choice.occurred_at, choice.value
        )
    ), instants as (
        select
            instant.*,
            max(instant.qualified - instant.new_qualified) filter (where instant.has_failed) over (
                partition by instant.peer_mentor_id, instant.number
                order by instant.occurred_at
            ) as run_start
        from (
            select
                placed.peer_mentor_id,
                placed.number,
                placed.occurred_at,
                max(placed.place) as place,
                max(placed.qualified) as qualified,
                sum(placed.value) as new_qualified,
                min(placed.value) = 0 as has_failed
            from placed
            group by placed.peer_mentor_id, placed.number, placed.occurred_at
        ) as instant
    )
    select
        placed.peer_mentor_id,
        placed.number,
        placed.is_dated,
        placed.element_measure,
        placed.element_target,
        placed.rolling_days,
        placed.window_date,
        placed.per_value,
        placed.occurred_at,
        placed.activity_date,
        case
            when stat.sequence = 'in_a_row'
                then instant.qualified - coalesce(instant.run_start, 0)
            when instant.place < stat.sequence_size then null
            -- Cut off behind six decimals, as no rule asks for more.
            else floor(1000000 * case
                when stat.sequence = 'share' then instant.qualified / instant.place
                else (instant.qualified - coalesce(before.qualified, 0)) / stat.sequence_size
            end) / 1000000
        end,
        placed.element,
        placed.value
    from placed
    inner join instants as instant using (peer_mentor_id, number, occurred_at)
    inner join unnest(p_scope.stats) as stat using (number)
    left join placed as before
        on before.peer_mentor_id = placed.peer_mentor_id
        and before.number = placed.number
        and before.place = instant.place - stat.sequence_size
        and stat.sequence = 'share_of_last';
end;
$$;

comment on function badges_internal._verify_sequence_choices(badges_internal.verified_scope) is
'Gives every activity that a sequence chose with what the sequence had come to at its instant.';
