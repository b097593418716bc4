-- Does for a counted activity what its rows did not take in one update, and tells what is left.
--
-- First rows, elements, days before the last one, negative values, rolling windows, milestones. The
-- parameters are the trigger's own: the stats that chose the activity, those with a bucket or value
-- of their own apart, and what the updates returned. Gives null where nothing is left to do.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._count_rest(
    p_new badges_internal.new_activity,
    p_pending bigint[],
    p_version integer,
    p_stats text[],
    p_own_stats text[],
    p_own_buckets text[],
    p_own_values numeric[],
    p_apart badges_internal.stat_reading[],
    p_found integer,
    p_base_version integer,
    p_last_at timestamptz,
    p_last_date date,
    p_is_touched boolean,
    p_has_reached boolean,
    p_is_negative boolean,
    p_has_raw boolean,
    p_has_tenure boolean
)
returns badges_internal.counted_activity
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_new.peer_mentor_id;
    v_org constant text := p_new.org_id;
    v_day constant date := p_new.activity_date;
    v_at constant timestamptz := p_new.occurred_at;
    v_result badges_internal.counted_activity;
    v_reading badges_internal.stat_reading;
    v_stats constant text[] := p_stats || p_own_stats;
    v_buckets text[];
    v_rolling_stats text[];
    v_rolling_buckets text[];
    v_late badges_internal.late_activity;
    v_falling_stats text[];
    v_found integer := p_found;
    v_is_touched boolean := p_is_touched;
    v_has_reached boolean := p_has_reached;
    v_is_negative boolean := p_is_negative;
    v_is_alone boolean;
    v_is_late boolean := coalesce(p_last_at > v_at, false);
    v_is_late_day boolean := coalesce(p_last_date > v_day, false);
begin
    v_result.peer_mentor_id := v_person;
    v_result.org_id := v_org;
    v_result.occurred_at := v_at;
    v_result.activity_id := p_new.activity_id;
    if p_base_version is null then
        v_result.has_looked := true;
        select not begun.is_first, begun.has_reached
        into v_is_touched, v_has_reached
        from badges_internal._begin_person(
            v_person, v_org, v_at, v_day, p_new.quantity, p_new.activity_id, p_pending, p_version
        ) as begun;
        v_found := 1;
    elsif p_base_version <> p_version then
        v_is_touched := true;
    end if;
    if not v_is_touched and v_found < cardinality(v_stats) then
        select v_found + begun.row_count, v_has_reached or begun.has_reached
        into v_found, v_has_reached
        from badges_internal._begin_stats(
            v_person, v_org, v_stats, p_own_stats, p_own_buckets, p_own_values, v_at, v_day,
            p_new.quantity, null
        ) as begun;
    end if;
    -- A row that another session began while this one waited for the base row is in neither.
    if v_is_touched or v_found < cardinality(v_stats) then
        v_result.is_stale := true;
        return v_result;
    end if;
    foreach v_reading in array coalesce(p_apart, '{}') loop
        if (v_reading.route).rolling_days is not null then
            v_rolling_stats := v_rolling_stats || (v_reading.route).stat;
            v_rolling_buckets := v_rolling_buckets || v_reading.bucket;
        elsif v_reading.element is not null then
            v_has_reached := badges_internal._count_element(
                v_person, v_org, v_reading, v_day, p_pending
            ) or v_has_reached;
            v_result.has_looked := v_result.has_looked
                or (v_reading.route).element_measure = 'active_days';
        end if;
        if (v_reading.route).element_measure = 'sum' and v_reading.element_measured < 0 then
            v_is_negative := true;
            v_falling_stats := v_falling_stats || (v_reading.route).stat;
        end if;
    end loop;

    v_is_alone := v_rolling_stats is null
        and not (v_is_late or v_is_late_day or v_is_negative or p_has_raw);
    if v_is_alone and p_has_tenure then
        v_is_alone := p_base_version is not null and not exists (
            select
            from badges_internal.due_people as due
            where due.peer_mentor_id = v_person
            and due.org_id = v_org
            and due.next_due_at <= v_at
        );
    end if;
    if v_is_alone and not v_has_reached then
        return null;
    end if;
    v_buckets := array_fill(''::text, array[cardinality(p_stats)]) || p_own_buckets;
    v_result.stats := v_stats;
    v_result.buckets := v_buckets;
    if v_is_alone and p_pending is null then
        v_result.is_newest := true;
        return v_result;
    end if;
    if v_is_late or v_is_late_day then
        v_late := row(
            v_person, v_org, v_at, p_new.activity_id, v_day, p_new.activity_type, p_new.quantity,
            p_new.attributes, v_stats || v_rolling_stats, v_buckets || v_rolling_buckets
        )::badges_internal.late_activity;
    end if;
    if v_is_late_day then
        v_has_reached := badges_internal._place_late_day(v_late, p_pending) or v_has_reached;
        v_result.has_looked := v_result.has_looked or p_pending is not null;
    end if;
    if v_has_reached then
        v_result.candidates := badges_internal._cross_milestones(array(
            select row(v_person, v_org, given.stat, given.bucket)::badges_internal.stat_key
            from unnest(v_stats, v_buckets) as given (stat, bucket)
        ));
    end if;
    if v_is_negative then
        if p_new.quantity < 0 then
            v_falling_stats := v_falling_stats || p_stats;
        end if;
        v_falling_stats := v_falling_stats || array(
            select own.stat from unnest(p_own_stats, p_own_values) as own (stat, measured)
            where own.measured < 0
        );
        v_result.is_falling := badges_internal._mark_falling(
            v_person, v_org, v_falling_stats, v_stats, v_buckets, v_at, p_new.activity_id
        );
    end if;
    if v_rolling_stats is not null then
        v_result.candidates := v_result.candidates || badges_internal._roll_windows(
            array[v_person], array[v_org], array[v_day], array[v_day], v_rolling_stats
        );
        v_result.has_looked := true;
    end if;
    if p_pending is null and not (v_is_late or v_is_late_day or v_is_negative) then
        v_result.candidates := badges_internal._dated_now(
            v_result.candidates, v_at, p_new.activity_id
        );
    end if;
    v_result.is_late := v_is_late;
    if v_is_late then
        v_result.late := v_late;
    end if;
    v_result.rolling_stats := v_rolling_stats;
    return v_result;
end;
$$;

comment on function badges_internal._count_rest(
    badges_internal.new_activity, bigint[], integer, text[], text[], text[], numeric[],
    badges_internal.stat_reading[], integer, integer, timestamptz, date, boolean, boolean, boolean,
    boolean, boolean
) is
'Does for a counted activity what its rows did not take in one update, and tells what is left.';
