-- Lists held conditions on rolling windows that late activities may have made true earlier.
--
-- No window that holds a late activity has more than what lies around its day before the award.
-- Where that is enough, the condition comes without a moment: it must be dated anew. Parameters:
-- docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_windows(
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
    v_late badges_internal.late_activity;
    v_days constant integer := p_route.rolling_days - 1;
    v_most numeric;
begin
    foreach v_late in array p_late loop
        continue when v_late.occurred_at >= v_last;
        v_most := greatest(v_most, (
            select case
                when v_measure = 'distinct' then count(distinct found.element)
                else badges_internal._tally(
                    v_measure, count(*), sum(found.measured), max(found.measured),
                    count(distinct found.activity_date)
                )
            end
            from badges_internal._chosen_activities(
                p_states[1].peer_mentor_id, p_states[1].org_id, p_types, p_route, p_bucket,
                v_late.activity_date - v_days, v_late.activity_date + v_days
            ) as found
            where found.occurred_at < v_last
        ));
    end loop;
    return badges_internal._undated(array(
        select state from unnest(p_states) as state where state.threshold <= v_most
    ));
end;
$$;

comment on function badges_internal._earlier_by_windows(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Lists held conditions on rolling windows that late activities may have made true earlier.';
