-- Counts one activity in the rows that exist already: the short way of the insert trigger.
--
-- Locks the base row, then updates it and the person's other lifetime rows at once. Rows that are
-- missing, parts measured apart, new elements and negative quantities are left for the fold. A late
-- day will be placed by a look at the table, which the base row notes.
--
-- Locks:  the base row, then the same person's other rows.
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._count_one(p_new badges_internal.new_activity)
returns badges_internal.short_result
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result badges_internal.short_result;
    v_version integer;
    v_routes badges_internal.stat_route[];
    v_route badges_internal.stat_route;
    v_has_raw boolean;
    v_has_tenure boolean;
    v_element text;
    v_wanted text[] := array['*', '=' || p_new.activity_type];
    v_apart text[];
    v_found text[];
    v_reached text[];
    v_last_at timestamptz;
    v_last_date date;
    v_is_touched boolean;
    v_base_version integer;
    v_day constant date := p_new.activity_date;
    v_week constant date := v_day - (v_day - date '1900-01-01') % 7;
    v_month constant date := date_trunc('month', v_day::timestamp)::date;
    v_previous_month constant date := (v_month - interval '1 month')::date;
begin
    if p_new.quantity < 0 then
        return v_result;
    end if;
    -- Base row and gate (_hold_rules) come first. A base row newer than these routes is of another
    -- version.
    select
        held.rule_set_version, held.last_at, held.last_date,
        held.counted_in = pg_current_xact_id()
            and badges_internal._is_touched(p_new.activity_id, held.counted_upto),
        chosen.rule_set_version, v_wanted || chosen.plain_stats, chosen.checked_routes,
        chosen.has_raw, chosen.has_tenure
    into v_base_version, v_last_at, v_last_date, v_is_touched, v_version, v_wanted, v_routes,
        v_has_raw, v_has_tenure
    from badges.peer_mentor_stats as held
    left join lateral (
        select
            found.rule_set_version, found.plain_stats, found.checked_routes, found.has_raw,
            found.has_tenure
        from badges_internal.activity_routes as found
        where found.org_id = p_new.org_id
        and found.activity_type in (p_new.activity_type, '')
        order by found.activity_type desc
        limit 1
    ) as chosen on true
    where held.peer_mentor_id = p_new.peer_mentor_id
    and held.org_id = p_new.org_id
    and held.stat = '*'
    and held.bucket = ''
    and not exists (select from badges_internal.rule_gate for key share)
    for no key update of held;
    -- A base row without activities was written by a decision by hand.
    if not found or v_last_at is null then
        return v_result;
    end if;
    if v_is_touched or v_base_version <> coalesce(v_version, 0) then
        v_result.is_stale := true;
        return v_result;
    end if;
    foreach v_route in array coalesce(v_routes, '{}') loop
        continue when not badges_internal._is_chosen(
            v_route.predicate, v_route.needs_quantity, v_route.needs_calendar, v_route.clock_zone,
            p_new.attributes, p_new.quantity, v_day, p_new.occurred_at
        );
        if v_route.per_field is not null
            or v_route.window_unit is not null
            or v_route.value_field is not null
            or v_route.element_at_least is not null
            or v_route.rolling_days is not null
        then
            v_apart := v_apart || v_route.stat;
            continue;
        end if;
        if v_route.element_field is not null or v_route.element_unit is not null then
            v_element := case
                when v_route.element_unit is null then badges_internal._scalar_text(
                    badges_internal._attribute(
                        p_new.attributes, p_new.quantity, v_route.element_field
                    )
                )
                else to_char(
                    badges_internal._unit_start(v_route.element_unit, v_day)::timestamp,
                    'YYYY-MM-DD'
                )
            end;
            if v_element is not null and not exists (
                select
                from badges_internal.stat_elements as element
                where element.peer_mentor_id = p_new.peer_mentor_id
                and element.org_id = p_new.org_id
                and element.stat = v_route.stat
                and element.bucket = ''
                and element.element = v_element
            ) then
                v_apart := v_apart || v_route.stat;
                continue;
            end if;
        end if;
        v_wanted := v_wanted || v_route.stat;
    end loop;

    with counted as (
        update badges.peer_mentor_stats as held
        set
            activity_count = activity_count + 1,
            value_sum = value_sum + p_new.quantity,
            value_max = greatest(value_max, p_new.quantity),
            -- Null last_date: no days are kept, and every comparison leaves them alone.
            active_days = active_days + case when last_date < v_day then 1 else 0 end,
            day_run = case
                when last_date = v_day - 1 then day_run + 1
                when last_date < v_day then 1
                else day_run
            end,
            longest_day_run = case
                when last_date = v_day - 1 then greatest(longest_day_run, day_run + 1)
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
            run_end = case when last_date < v_day then v_day else run_end end,
            first_at = least(first_at, p_new.occurred_at),
            last_at = greatest(last_at, p_new.occurred_at),
            last_date = case when last_date < v_day then v_day else last_date end,
            counted_in = case when last_date > v_day then pg_current_xact_id() else counted_in end,
            counted_upto = case when last_date > v_day then badges_internal._last_activity_id()
                else counted_upto end
        where held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and held.stat = any(v_wanted)
        and held.bucket = ''
        returning
            held.stat,
            activity_count >= next_count
            or value_sum >= next_sum
            or value_max >= next_max
            or active_days >= next_active_days
            or distinct_count >= next_distinct
            or longest_day_run >= next_day_run
            or longest_week_run >= next_week_run
            or longest_month_run >= next_month_run as has_reached
    )
    select array_agg(counted.stat), array_agg(counted.stat) filter (where counted.has_reached)
    into v_found, v_reached
    from counted;

    v_result.previous_at := v_last_at;
    v_result.is_in_order := v_last_at <= p_new.occurred_at and v_last_date <= v_day;
    if v_last_at > p_new.occurred_at then
        v_result.late_people := array[row(p_new.peer_mentor_id, p_new.org_id, p_new.occurred_at)
            ::badges_internal.late_person];
    end if;
    if v_last_date > v_day then
        v_result.late_days := array(
            select row(p_new.peer_mentor_id, p_new.org_id, held.stat, '', v_day, 1)
                ::badges_internal.late_day
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_new.peer_mentor_id
            and held.org_id = p_new.org_id
            and held.stat = any(v_found)
            and held.bucket = ''
            and held.last_date > v_day
        );
    end if;
    if cardinality(v_found) < cardinality(v_wanted) then
        v_apart := v_apart || array(
            select stat from unnest(v_wanted) as wanted (stat) where stat <> all (v_found)
        );
    end if;
    v_result.left_stats := coalesce(v_apart, '{}');
    if v_reached is not null and v_result.is_in_order then
        v_result.reached_stats := v_reached;
    elsif v_reached is not null then
        v_result.candidates := badges_internal._cross_milestones(array(
            select row(p_new.peer_mentor_id, p_new.org_id, stat, '')::badges_internal.stat_key
            from unnest(v_reached) as reached (stat)
        ));
    end if;
    v_result.is_done := v_apart is null
        and v_result.candidates is null
        and v_result.late_days is null
        and v_result.late_people is null
        and v_has_raw is not true
        and not (v_has_tenure and exists (
            select
            from badges_internal.due_people as due
            where due.peer_mentor_id = p_new.peer_mentor_id
            and due.org_id = p_new.org_id
            and due.next_due_at <= p_new.occurred_at
        ));
    return v_result;
end;
$$;

comment on function badges_internal._count_one(badges_internal.new_activity) is
'Counts one activity in the rows that exist already: the short way of the insert trigger.';
