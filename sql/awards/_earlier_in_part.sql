-- Lists those of a part's held conditions that late activities made true before the award.
--
-- p_states: of one person, stat and measure, each with the award's moment. p_late: the late
-- activities in this part, in their order. p_types, p_route: of the stat. Result: docs of
-- _earlier_states.
create or replace function badges_internal._earlier_in_part(
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
    v_state badges_internal.condition_state;
    v_least numeric;
    v_has_negative boolean;
    v_value numeric; -- what the part has by now
    v_count bigint;
    v_all bigint; -- activities of the person
    v_is_part boolean := false; -- one of the conditions is a part of a composed badge
    v_to date;
begin
    if v_measure in ('count', 'sum', 'active_days') or p_route.element_measure = 'sum'
        or p_bucket <> ''
    then
        select held.has_negative, badges_internal._measured(held, v_measure), held.activity_count, (
            select base.activity_count
            from badges.peer_mentor_stats as base
            where base.peer_mentor_id = p_states[1].peer_mentor_id
            and base.org_id = p_states[1].org_id
            and base.stat = '*'
            and base.bucket = ''
        )
        into v_has_negative, v_value, v_count, v_all
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_states[1].peer_mentor_id
        and held.org_id = p_states[1].org_id
        and held.stat = p_states[1].stat
        and held.bucket = p_bucket;
        if v_has_negative and 'sum' in (v_measure, p_route.element_measure) then
            return badges_internal._undated(p_states);
        end if;
        foreach v_state in array p_states loop
            v_least := least(v_least, v_state.threshold);
            v_is_part := v_is_part or v_state.parent is not null;
        end loop;
        if v_value < v_least then
            return '{}';
        end if;
    end if;
    if p_route.cap_unit is not null then
        return badges_internal._earlier_by_cap(
            p_states, p_late, p_bucket, p_types, p_route, v_value
        );
    elsif p_route.sequence is not null then
        return badges_internal._earlier_by_sequence(p_states, p_late);
    elsif p_route.rolling_days is not null then
        return badges_internal._earlier_by_rolling(p_states, p_late, p_bucket, p_types, p_route);
    elsif v_measure in ('count', 'sum') and badges_internal._is_read_whole(v_all)
        and not v_is_part
    then
        return badges_internal._earlier_by_reading(p_states, p_late, p_bucket, p_types, p_route);
    elsif v_measure in ('count', 'sum', 'active_days') then
        return badges_internal._earlier_by_value(
            p_states, p_late, p_bucket, p_types, p_route, v_value, v_count
        );
    elsif v_measure = 'max' then
        return array(
            select row(
                state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
                state.occurrence, state.node, state.parent, state.stat, state.measure,
                state.threshold, state.threshold_source, first.occurred_at, first.activity_id, null
            )::badges_internal.condition_state
            from unnest(p_states) as state
            cross join lateral (
                select found.occurred_at, found.activity_id
                from badges_internal._measured_late(p_late, p_route) as found
                where found.measured >= state.threshold
                and found.occurred_at < state.came_true_at
                order by found.occurred_at, found.activity_id desc
                limit 1
            ) as first
        );
    elsif v_measure = 'tenure' then
        -- It began on a day of another activity.
        v_to := (select min(late.activity_date) from unnest(p_late) as late);
        perform
        from badges_internal._chosen_activities(
            p_states[1].peer_mentor_id, p_states[1].org_id, p_types, p_route, p_bucket,
            '-infinity', v_to
        ) as found
        where found.activity_id not in (select late.activity_id from unnest(p_late) as late);
        return case when found then '{}' else badges_internal._undated(p_states) end;
    elsif v_measure = 'distinct' or p_route.element_unit is not null then
        return badges_internal._earlier_by_elements(p_states, p_late, p_bucket, p_types, p_route);
    end if;
    return badges_internal._earlier_by_units(p_states, p_late, p_bucket, p_types, p_route);
end;
$$;

comment on function badges_internal._earlier_in_part(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Lists those of a part''s held conditions that late activities made true before the award.';
