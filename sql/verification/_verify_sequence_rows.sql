-- Recomputes every row of a sequence: how many it chose, how many qualified, best and last.
create or replace function badges_internal._verify_sequence_rows(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    value_last numeric,
    lately text,
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
        min(choice.occurred_at),
        max(choice.occurred_at)
    from badges_internal._verify_sequence_choices(p_scope) as choice
    inner join unnest((p_scope).stats) as stat using (number)
    group by
        choice.peer_mentor_id, choice.number, stat.org_id, stat.stat, stat.sequence,
        stat.sequence_size;
end;

comment on function badges_internal._verify_sequence_rows(badges_internal.verified_scope) is
'Recomputes every row of a sequence: how many it chose, how many qualified, best and last.';
