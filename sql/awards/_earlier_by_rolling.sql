-- Lists held conditions on a rolling window that late activities may have made true earlier.
--
-- No window that holds a late activity has more than what lies around it before the last award.
-- Parameters and result: docs of _earlier_in_part; none is dated.
create or replace function badges_internal._earlier_by_rolling(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[],
    p_bucket text,
    p_types text[],
    p_route badges_internal.stat_route
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_measure constant text := p_states[1].measure;
    v_last constant timestamptz := p_states[cardinality(p_states)].came_true_at;
    v_value numeric;
begin
    select max(around.value)
    into v_value
    from unnest(p_late) as late
    cross join lateral (
        select case
            when v_measure = 'distinct' then count(distinct found.element)
            else badges_internal._tally(
                v_measure, count(*), sum(found.measured), max(found.measured),
                count(distinct found.activity_date)
            )
        end as value
        from badges_internal._chosen_activities(
            late.peer_mentor_id, late.org_id, p_types, p_route, p_bucket,
            late.activity_date - p_route.rolling_days + 1,
            late.activity_date + p_route.rolling_days - 1
        ) as found
        where found.occurred_at < v_last
    ) as around
    where late.occurred_at < v_last;
    return badges_internal._undated(array(
        select state from unnest(p_states) as state where state.threshold <= v_value
    ));
end;
$$;

comment on function badges_internal._earlier_by_rolling(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Lists held conditions on a rolling window that late activities may have made true earlier.';
