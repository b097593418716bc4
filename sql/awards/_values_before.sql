-- Measures the count or sum that a part of a stat had before each of some moments.
--
-- p_states: conditions of one person, stat and measure; p_moments: theirs, rising. One pass up to
-- the last of them, or from the first of them to the end where that is shorter: the row of the
-- snapshot has the whole. A moment lies within a day of its local day.
create or replace function badges_internal._values_before(
    p_states badges_internal.condition_state[],
    p_moments timestamptz[],
    p_bucket text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_from date
)
returns numeric[]
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_states[1].peer_mentor_id;
    v_org_id constant text := p_states[1].org_id;
    v_is_count constant boolean := p_states[1].measure = 'count';
    v_whole numeric;
    v_least numeric := p_states[1].threshold;
    v_greatest numeric := p_states[1].threshold;
    v_is_from_end boolean := false;
    v_first_at timestamptz := '-infinity';
    v_last_at timestamptz := p_moments[cardinality(p_moments)];
    v_first_day date := p_from;
    v_last_day date := (v_last_at at time zone 'UTC')::date + 1;
    v_values numeric[];
begin
    if p_bucket = '' then
        select case when v_is_count then held.activity_count else held.value_sum end
        into v_whole
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = v_person
        and held.org_id = v_org_id
        and held.stat = p_states[1].stat
        and held.bucket = '';
        if cardinality(p_states) > 1 then
            select min(state.threshold), max(state.threshold)
            into v_least, v_greatest
            from unnest(p_states) as state;
        end if;
        v_is_from_end := v_whole - v_least < v_greatest;
    end if;
    if v_is_from_end then
        v_first_at := p_moments[1];
        v_last_at := 'infinity';
        v_first_day := (v_first_at at time zone 'UTC')::date - 1;
        v_last_day := 'infinity';
    end if;
    if cardinality(p_moments) = 1 then
        select array[case when v_is_count then count(*) else coalesce(sum(found.measured), 0) end]
        into v_values
        from badges_internal._chosen_activities(
            v_person, v_org_id, p_types, p_route, p_bucket, v_first_day, v_last_day
        ) as found
        where found.occurred_at >= v_first_at
        and found.occurred_at < v_last_at;
        return case when v_is_from_end then array[v_whole - v_values[1]] else v_values end;
    end if;
    return (
        with counted as (
            select
                width_bucket(found.occurred_at, p_moments) as place,
                case when v_is_count then count(*) else sum(found.measured) end as value
            from badges_internal._chosen_activities(
                v_person, v_org_id, p_types, p_route, p_bucket, v_first_day, v_last_day
            ) as found
            where found.occurred_at >= v_first_at
            and found.occurred_at < v_last_at
            group by 1
        )
        select array_agg(
            case when v_is_from_end then v_whole - stretch.after else stretch.before end
            order by moment.place
        )
        from generate_subscripts(p_moments, 1) as moment (place)
        cross join lateral (
            select
                coalesce(sum(counted.value) filter (where counted.place < moment.place), 0)
                    as before,
                coalesce(sum(counted.value) filter (where counted.place >= moment.place), 0)
                    as after
            from counted
        ) as stretch
    );
end;
$$;

comment on function badges_internal._values_before(
    badges_internal.condition_state[], timestamptz[], text, text[], badges_internal.stat_route,
    date
) is
'Measures the count or sum that a part of a stat had before each of some moments.';
