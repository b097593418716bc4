-- Moves earned_at of a person's held awards back where one late activity made their rules true.
--
-- Docs of _redate_late, for one activity of a type of which a late one is simple (activity_routes):
-- what falls to hardly anybody is not asked. Conditions on counts and sums of few activities are
-- dated here, one small statement each, and those on runs sifted; others are handed on. False, and
-- nothing is done, where a value of the person fell.
--
-- Writes: badges.earned_badges, badges.award_events (redated).
create or replace function badges_internal._redate_simply(
    p_late badges_internal.late_activity,
    p_week_origin date
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_late.peer_mentor_id;
    v_org_id constant text := p_late.org_id;
    v_day constant date := p_late.activity_date;
    v_about record;
    v_one record; -- a held condition
    v_types text[];
    v_route badges_internal.stat_route;
    v_defined badges_internal.stat_definitions;
    v_bucket text;
    v_is_simple boolean;
    v_from date;
    v_to date;
    v_at timestamptz;
    v_id bigint;
    v_left badges_internal.condition_state[];
    v_earlier record;
    v_awards badges_internal.dated_award[];
    v_held badges_internal.candidate[];
    v_moved badges_internal.candidate[];
    v_has_counted boolean := false; -- other badges may count one of those that move
begin
    select about.* into v_about
    from badges_internal._late_person(v_person, v_org_id, p_late.occurred_at) as about;
    if v_about.has_fallen then
        return false;
    elsif not v_about.has_awards then
        return true;
    end if;
    for v_one in
        select since.*
        from badges_internal._awarded_since(v_person, v_org_id, p_late.occurred_at, p_late.stats)
            as since
    loop
        v_types := null;
        v_route := null;
        if v_one.stat like '=%' then
            v_types := array[substr(v_one.stat, 2)];
        elsif v_one.stat <> '*' then
            v_defined := badges_internal._stat_definition(v_org_id, v_one.stat);
            v_types := v_defined.activity_types;
            v_route := v_defined.route;
        end if;
        v_bucket := p_late.buckets[array_position(p_late.stats, v_one.stat)];
        v_is_simple := v_one.parent is null and v_route.cap_unit is null
            and v_route.rolling_days is null;
        if v_is_simple and v_about.is_few and v_one.measure in ('count', 'sum') then
            v_from := coalesce(
                badges_internal._unit_start(v_route.window_unit, v_day), '-infinity');
            if v_one.measure = 'count' then
                select found.* into v_at, v_id
                from badges_internal._counted_at(v_person, v_org_id, v_types, v_route, v_bucket,
                    v_from, v_one.earned_at, v_one.threshold) as found;
            else
                select found.* into v_at, v_id
                from badges_internal._summed_at(v_person, v_org_id, v_types, v_route, v_bucket,
                    v_from, v_one.earned_at, v_one.threshold) as found;
            end if;
            continue when not found;
            v_has_counted := v_has_counted or v_one.is_counted;
            v_awards := v_awards || row(v_person, v_org_id, v_one.badge_definition_id, v_one.tier,
                v_one.occurrence, v_at, v_id, null, null)::badges_internal.dated_award;
            continue;
        elsif v_is_simple and v_one.measure like '%_run' and v_route.element_unit is null then
            v_from := v_day;
            v_to := v_day;
            if v_one.measure = 'week_run' then
                v_from := v_day - (v_day - p_week_origin) % 7;
                v_to := v_from + 6;
            elsif v_one.measure = 'month_run' then
                v_from := date_trunc('month', v_day::timestamp)::date;
                v_to := (v_from + interval '1 month')::date - 1;
            end if;
            -- Where the unit counted before the award without it, no run of before became longer,
            -- and none that ends with it came true by it.
            perform
            from badges_internal._chosen_activities(v_person, v_org_id, v_types, v_route, v_bucket,
                v_from, v_to) as other
            where other.occurred_at < v_one.earned_at
            and other.activity_id <> p_late.activity_id;
            continue when found;
        end if;
        v_left := v_left || row(v_person, v_org_id, v_one.badge_definition_id, v_one.tier,
            v_one.occurrence, v_one.node, v_one.parent, v_one.stat, v_one.measure, v_one.threshold,
            v_one.threshold_source, v_one.earned_at, null, null)::badges_internal.condition_state;
    end loop;
    if v_left is not null then
        v_earlier := badges_internal._earlier_awards(array(
            select one from unnest(v_left) as one order by one.stat, one.measure, one.came_true_at
        ), array[p_late]);
        v_awards := v_awards || v_earlier.awards;
        v_held := v_earlier.held;
        v_has_counted := true;
    end if;
    v_moved := case when v_awards is not null then badges_internal._move_awards(v_awards) end;
    if v_held is not null or v_has_counted and v_moved is not null then
        perform badges_internal._redate_badges(v_held, v_moved);
    end if;
    return true;
end;
$$;

comment on function badges_internal._redate_simply(badges_internal.late_activity, date) is
'Moves earned_at of a person''s held awards back where one late activity made their rules true.';
