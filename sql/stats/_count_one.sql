-- Counts one activity: the single path, for every key of the language.
--
-- One update takes the person's base row first and adds to each lifetime row and bucket; what it
-- returns tells what was late and what was reached. p_pending: the person's activities of the same
-- statement that are not counted yet, and must not be seen; null = it has no other. Gives null where
-- nothing is left to do.
--
-- Locks:  the gate of the rules, as _hold_rules; the base row, then the same person's other rows.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._count_one(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_activity_type text,
    p_occurred_at timestamptz,
    p_day date,
    p_quantity numeric,
    p_attributes jsonb,
    p_activity_id bigint,
    p_pending bigint[]
)
returns badges_internal.counted_activity
language plpgsql
volatile
as $$
declare
    v_result badges_internal.counted_activity;
    v_route badges_internal.stat_route;
    v_routes badges_internal.stat_route[];
    v_reading badges_internal.stat_reading;
    v_apart badges_internal.stat_reading[]; -- stats with elements, and rolling ones
    v_stats text[] := array['*', '=' || p_activity_type];
    v_plain_stats text[];
    v_own_stats text[]; -- those with a bucket or a value of their own
    v_own_buckets text[];
    v_own_values numeric[];
    v_buckets text[];
    v_rolling_stats text[];
    v_bucket text;
    v_measured numeric;
    v_is_negative boolean := p_quantity < 0;
    v_falling_stats text[];
    v_version integer;
    v_base_version integer;
    v_has_raw boolean;
    v_has_tenure boolean;
    v_is_touched boolean;
    v_found integer;
    v_has_reached boolean;
    v_is_in_order boolean; -- nothing of the person is newer, and no value falls
    v_last_at timestamptz;
    v_last_date date;
    v_week constant date := p_day - (p_day - date '1900-01-01') % 7;
    v_month constant date := date_trunc('month', p_day::timestamp)::date;
    v_previous_month constant date := (v_month - interval '1 month')::date;
begin
    select
        found.rule_set_version, found.plain_stats, found.checked_routes, found.has_raw,
        found.has_tenure
    into v_version, v_plain_stats, v_routes, v_has_raw, v_has_tenure
    from badges_internal.activity_routes as found
    where found.org_id = p_org_id
    and found.activity_type in (p_activity_type, '')
    and not exists (select from badges_internal.rule_gate for key share)
    order by found.activity_type desc
    limit 1;
    if v_version is null then
        v_version := 0; -- no rule set names the organization
        v_has_raw := false;
        v_has_tenure := false;
    end if;
    v_stats := v_stats || v_plain_stats;
    if p_quantity < 0 then
        v_falling_stats := v_stats;
    end if;
    foreach v_route in array coalesce(v_routes, '{}') loop
        continue when not badges_internal._is_chosen(
            v_route.predicate, v_route.needs_quantity, v_route.needs_calendar, v_route.clock_zone,
            p_attributes, p_quantity, p_day, p_occurred_at
        );
        v_bucket := '';
        if v_route.per_field is not null or v_route.window_unit is not null then
            v_bucket := badges_internal._bucket(
                v_route.per_field, v_route.window_unit, p_attributes, p_quantity, p_day
            );
            continue when v_bucket is null;
        end if;
        v_measured := p_quantity;
        if v_route.value_field is not null then
            v_measured := badges_internal._number(
                badges_internal._attribute(p_attributes, p_quantity, v_route.value_field)
            );
            v_is_negative := v_is_negative or coalesce(v_measured < 0, false);
        end if;
        if v_route.element_field is not null or v_route.element_unit is not null
            or v_route.rolling_days is not null
        then
            v_apart := v_apart || badges_internal._read_apart(
                v_route, v_bucket, v_measured, p_attributes, p_quantity, p_day
            );
            continue when v_route.rolling_days is not null;
        end if;
        v_stats := v_stats || v_route.stat;
        if v_measured < 0 then
            v_falling_stats := v_falling_stats || v_route.stat;
        end if;
        if v_bucket <> '' or v_route.value_field is not null then
            v_own_stats := v_own_stats || v_route.stat;
            v_own_buckets := v_own_buckets || v_bucket;
            v_own_values := v_own_values || v_measured;
        end if;
    end loop;

    with counted as (
        update badges.peer_mentor_stats as held
        set
            activity_count = activity_count + 1,
            value_sum = value_sum + coalesce(
                case when held.stat = any(v_own_stats)
                    then v_own_values[array_position(v_own_stats, held.stat)]
                    else p_quantity end,
                0
            ),
            value_max = greatest(
                value_max,
                case when held.stat = any(v_own_stats)
                    then v_own_values[array_position(v_own_stats, held.stat)]
                    else p_quantity end
            ),
            -- Null last_date: no days are kept, and every comparison leaves them alone.
            active_days = active_days + case when last_date < p_day then 1 else 0 end,
            day_run = case
                when last_date = p_day - 1 then day_run + 1
                when last_date < p_day then 1
                else day_run
            end,
            longest_day_run = case
                when last_date = p_day - 1 then greatest(longest_day_run, day_run + 1)
                else longest_day_run
            end,
            week_run = case
                when last_date >= v_week then week_run
                when last_date >= v_week - 7 then week_run + 1
                when last_date < v_week then 1
                else week_run
            end,
            longest_week_run = case
                when last_date < v_week and last_date >= v_week - 7
                    then greatest(longest_week_run, week_run + 1)
                else longest_week_run
            end,
            month_run = case
                when last_date >= v_month then month_run
                when last_date >= v_previous_month then month_run + 1
                when last_date < v_month then 1
                else month_run
            end,
            longest_month_run = case
                when last_date < v_month and last_date >= v_previous_month
                    then greatest(longest_month_run, month_run + 1)
                else longest_month_run
            end,
            run_end = case when last_date < p_day then p_day else run_end end,
            first_at = least(first_at, p_occurred_at),
            last_at = greatest(last_at, p_occurred_at),
            last_date = case when last_date < p_day then p_day else last_date end
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = any(v_stats)
        and held.bucket = any(array[''] || v_own_buckets)
        and held.bucket = coalesce(v_own_buckets[array_position(v_own_stats, held.stat)], '')
        -- A base row without activities was written by a decision by hand.
        and held.activity_count > 0
        returning
            rule_set_version, last_at, last_date, badges_internal._has_reached(held) as has_reached,
            case when counted_in = pg_current_xact_id()
                then badges_internal._is_touched(p_activity_id, counted_upto) end as is_touched
    )
    select
        count(*), max(rule_set_version), max(last_at), max(last_date),
        coalesce(bool_or(has_reached), false), coalesce(bool_or(is_touched), false)
    into v_found, v_base_version, v_last_at, v_last_date, v_has_reached, v_is_touched
    from counted;

    v_result.peer_mentor_id := p_peer_mentor_id;
    v_result.org_id := p_org_id;
    v_result.occurred_at := p_occurred_at;
    v_result.activity_id := p_activity_id;
    if v_base_version is null then
        v_result.has_looked := true;
        select not begun.is_first, begun.has_reached
        into v_is_touched, v_has_reached
        from badges_internal._begin_person(
            p_peer_mentor_id, p_org_id, p_occurred_at, p_day, p_quantity, p_activity_id, p_pending,
            v_version
        ) as begun;
        v_found := 1;
        v_last_at := p_occurred_at;
        v_last_date := p_day;
    else
        v_is_touched := v_is_touched or v_base_version <> v_version;
    end if;
    if not v_is_touched and v_found < cardinality(v_stats) then
        select v_found + begun.row_count, v_has_reached or begun.has_reached
        into v_found, v_has_reached
        from badges_internal._begin_stats(
            p_peer_mentor_id, p_org_id, v_stats, v_own_stats, v_own_buckets, v_own_values,
            p_occurred_at, p_day, p_quantity, null
        ) as begun;
    end if;
    -- A row that another session began while this one waited for the base row is in neither.
    if v_is_touched or v_found < cardinality(v_stats) then
        v_result.is_stale := true;
        return v_result;
    end if;
    foreach v_reading in array coalesce(v_apart, '{}') loop
        if (v_reading.route).rolling_days is not null then
            v_rolling_stats := v_rolling_stats || (v_reading.route).stat;
        elsif v_reading.element is not null then
            v_has_reached := badges_internal._count_element(
                p_peer_mentor_id, p_org_id, v_reading, p_day, p_pending
            ) or v_has_reached;
            v_result.has_looked := v_result.has_looked
                or (v_reading.route).element_measure = 'active_days';
        end if;
        if (v_reading.route).element_measure = 'sum' and v_reading.element_measured < 0 then
            v_is_negative := true;
            v_falling_stats := v_falling_stats || (v_reading.route).stat;
        end if;
    end loop;

    v_result.is_late := v_last_at > p_occurred_at;
    v_is_in_order := not v_result.is_late and v_last_date = p_day and not v_is_negative;
    if v_is_in_order and not v_has_reached and v_rolling_stats is null and not v_has_raw then
        if not v_has_tenure then
            return null;
        end if;
        if not exists (
            select
            from badges_internal.due_people as due
            where due.peer_mentor_id = p_peer_mentor_id
            and due.org_id = p_org_id
            and due.next_due_at <= p_occurred_at
        ) then
            return null;
        end if;
    end if;
    v_buckets := array(
        select coalesce(v_own_buckets[array_position(v_own_stats, given.stat)], '')
        from unnest(v_stats) with ordinality as given (stat, place)
        order by given.place
    );
    if v_last_date > p_day then
        perform badges_internal._place_late_days(array(
            select row(p_peer_mentor_id, p_org_id, held.stat, held.bucket, p_day, 1)
                ::badges_internal.late_day
            from badges.peer_mentor_stats as held
            join unnest(v_stats, v_buckets) as given (stat, bucket)
                on given.stat = held.stat and given.bucket = held.bucket
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.last_date > p_day
        ));
        v_result.has_looked := true;
    end if;
    v_result.candidates := badges_internal._cross_milestones(array(
        select row(p_peer_mentor_id, p_org_id, given.stat, given.bucket)
            ::badges_internal.stat_key
        from unnest(v_stats, v_buckets) as given (stat, bucket)
    ));
    if v_is_negative then
        v_result.is_falling := badges_internal._mark_falling(
            p_peer_mentor_id, p_org_id, v_falling_stats,
            array(
                select coalesce(v_own_buckets[array_position(v_own_stats, falling.stat)], '')
                from unnest(v_falling_stats) with ordinality as falling (stat, place)
                order by falling.place
            ),
            p_occurred_at, p_activity_id
        );
    end if;
    if v_rolling_stats is not null then
        v_result.candidates := v_result.candidates || badges_internal._roll_windows(
            array[p_peer_mentor_id], array[p_org_id], array[p_day], array[p_day], v_rolling_stats
        );
        v_result.has_looked := true;
    end if;
    if v_is_in_order and p_pending is null then
        v_result.candidates := badges_internal._dated_now(
            v_result.candidates, p_occurred_at, p_activity_id
        );
    end if;
    v_result.stats := v_stats;
    v_result.buckets := v_buckets;
    v_result.rolling_stats := v_rolling_stats;
    return v_result;
end;
$$;

comment on function badges_internal._count_one(
    uuid, text, text, timestamptz, date, numeric, jsonb, bigint, bigint[]
) is
'Counts one activity: the single path, for every key of the language.';
