-- Lists those of a person's conditions that late activities made true before they came true.
--
-- p_states: by stat and measure, in the order of their moments. p_late: in its order. Each comes
-- with its new moment and activity, or without a moment where it may have come true earlier and is
-- to be dated anew.
create or replace function badges_internal._earlier_states(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_is_single constant boolean := cardinality(p_late) = 1;
    v_late badges_internal.late_activity[] := p_late;
    v_state badges_internal.condition_state;
    v_next badges_internal.condition_state;
    v_states badges_internal.condition_state[]; -- of one part
    v_defined badges_internal.stat_definitions;
    v_buckets text[];
    v_bucket text;
    v_earlier badges_internal.condition_state[];
begin
    for n in 1 .. cardinality(p_states) loop
        v_state := p_states[n];
        v_next := p_states[n + 1];
        v_states := v_states || v_state;
        continue when v_next.stat = v_state.stat and v_next.measure = v_state.measure;
        v_defined := null;
        if v_state.stat like '=%' then
            v_defined.activity_types := array[substr(v_state.stat, 2)];
        elsif v_state.stat <> '*' then
            v_defined := badges_internal._stat_definition(v_state.org_id, v_state.stat);
        end if;
        if v_is_single then
            v_buckets := array[p_late[1].buckets[array_position(p_late[1].stats, v_state.stat)]];
        else
            v_buckets := array(
                select distinct part.bucket
                from unnest(p_late) as late
                cross join lateral unnest(late.stats, late.buckets) as part (stat, bucket)
                where part.stat = v_state.stat
            );
        end if;
        foreach v_bucket in array v_buckets loop
            if not v_is_single then
                v_late := array(
                    select late
                    from unnest(p_late) as late
                    where late.buckets[array_position(late.stats, v_state.stat)] = v_bucket
                    order by late.occurred_at, late.activity_id
                );
            end if;
            v_earlier := v_earlier || badges_internal._earlier_in_part(
                v_states, v_late, v_bucket, v_defined.activity_types, v_defined.route
            );
        end loop;
        v_states := null;
    end loop;
    if v_is_single then
        return v_earlier;
    end if;
    return (
        select array_agg(first.state)
        from (
            select distinct on (state.badge_definition_id, state.tier, state.occurrence) state
            from unnest(v_earlier) as state
            order by
                state.badge_definition_id, state.tier, state.occurrence,
                state.came_true_at nulls first, state.activity_id desc
        ) as first
    );
end;
$$;

comment on function badges_internal._earlier_states(
    badges_internal.condition_state[], badges_internal.late_activity[]
) is
'Lists those of a person''s conditions that late activities made true before they came true.';
