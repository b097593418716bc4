-- Recomputes every row of a sequence: how many it chose, how many qualified, best and last.
--
-- Of a capped stat the sum is what its units add, the last the whole total of the newest unit.
create or replace function badges_internal._verify_sequence_rows(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    value_last numeric,
    lately text,
    has_negative boolean,
    run_end date,
    first_at timestamptz,
    last_at timestamptz
)
language sql
stable
parallel safe
begin atomic
    select
        choice.peer_mentor_id,
        stat.org_id,
        stat.stat,
        '',
        count(*),
        sum(choice.element_amount),
        max(choice.value),
        (array_agg(choice.value order by choice.occurred_at desc))[1],
        case when stat.sequence = 'share_of_last' then right(
            string_agg(
                choice.element_amount::text, '' order by choice.occurred_at, choice.element_amount
            ),
            stat.sequence_size
        ) end,
        false,
        null,
        min(choice.occurred_at),
        max(choice.occurred_at)
    from badges_internal._verify_sequence_choices(p_scope) as choice
    inner join unnest((p_scope).stats) as stat using (number)
    group by
        choice.peer_mentor_id, choice.number, stat.org_id, stat.stat, stat.sequence,
        stat.sequence_size
    union all
    select
        choice.peer_mentor_id,
        stat.org_id,
        stat.stat,
        case
            when stat.window_unit is null then choice.per_value
            else concat_ws(' ', choice.window_date, nullif(choice.per_value, ''))
        end,
        count(*),
        sum(choice.value),
        null,
        coalesce(sum(choice.element_amount) filter (
            where choice.unit_start = choice.newest_unit
        ), 0),
        null,
        coalesce(bool_or(choice.element_amount < 0), false),
        choice.newest_unit,
        min(choice.occurred_at),
        max(choice.occurred_at)
    from (
        select
            placed.*,
            max(placed.unit_start) over (
                partition by
                    placed.peer_mentor_id, placed.number, placed.window_date, placed.per_value
            ) as newest_unit
        from (
            select
                each.*,
                badges_internal._verify_unit_start(
                    capped.cap_unit, each.activity_date, capped.week_shift
                ) as unit_start
            from badges_internal._verify_capped_choices(p_scope) as each
            inner join unnest((p_scope).stats) as capped using (number)
        ) as placed
    ) as choice
    inner join unnest((p_scope).stats) as stat using (number)
    group by
        choice.peer_mentor_id, choice.number, choice.window_date, choice.per_value,
        choice.newest_unit, stat.org_id, stat.stat, stat.window_unit;
end;

comment on function badges_internal._verify_sequence_rows(badges_internal.verified_scope) is
'Recomputes every row of a sequence: how many it chose, how many qualified, best and last.';
