-- Does for a counted activity what its rows did not take in one update, and tells what is left.
--
-- Elements, days before the last one, negative values, windows, sequences, milestones. The
-- parameters are the trigger's own: the stats that chose the activity, those with a bucket or value
-- of their own apart, those to which a distinct value is new, and what the updates returned.
-- p_pending: the person's activities of the same statement that are not counted yet, and must not
-- be seen; null = it has no other. p_is_outdated: the person is of another version of the rules, so
-- the result is stale and holds what was counted; without stats it is stale as a whole.
-- p_may_lapse: true = _may_touch_lapse has said so. p_late_is_simple, p_week_origin: docs of
-- _save_routes. Gives nobody where nothing is left to do.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.earned_badges,
--         badges.award_events.
create or replace function badges_internal._count_rest(
    p_new badges_internal.new_activity,
    p_pending bigint[],
    p_stats text[],
    p_own_stats text[],
    p_own_buckets text[],
    p_own_values numeric[],
    p_new_stats text[],
    p_parts badges_internal.counted_parts,
    p_last_at timestamptz,
    p_last_date date,
    p_is_stale boolean,
    p_has_begun boolean,
    p_has_reached boolean,
    p_is_negative boolean,
    p_has_raw boolean,
    p_has_tenure boolean,
    p_lapse_role text,
    p_may_lapse boolean,
    p_is_outdated boolean,
    p_late_is_simple boolean,
    p_week_origin date
)
returns badges_internal.counted_activity
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_new.peer_mentor_id;
    v_org constant text := p_new.org_id;
    v_at constant timestamptz := p_new.occurred_at;
    v_result badges_internal.counted_activity;
    v_stats text[] := p_stats || p_own_stats || p_parts.stats;
    v_buckets text[];
    v_has_reached boolean := p_has_reached or p_parts.has_reached is true;
    v_is_negative constant boolean := p_is_negative or p_parts.falling_stats is not null;
    v_is_due boolean;
    v_is_alone boolean;
    v_placed record;
    v_late badges_internal.late_activity;
    v_is_late boolean := coalesce(p_last_at > v_at, false);
    v_is_late_day boolean := coalesce(p_last_date > p_new.activity_date, false);
    v_is_done boolean := false;
begin
    if p_is_stale then
        return row(v_person, v_org, v_at, p_new.activity_id, true, null, null, null, null, null,
            null, null, null, null)::badges_internal.counted_activity;
    end if;
    if p_new_stats <> '{}' then
        v_has_reached := badges_internal._count_new_values(v_person, v_org, p_new_stats,
            p_own_stats, p_own_buckets) or v_has_reached;
    end if;
    v_is_due := p_may_lapse is true or p_has_begun and p_has_tenure;
    if not v_is_due and (p_has_tenure or p_lapse_role is not null) then
        v_is_due := p_has_tenure and badges_internal._may_touch_tenure(p_new, p_stats, p_last_at)
            or p_lapse_role is not null and badges_internal._may_touch_lapse(
                v_person, v_org, p_new.activity_date, v_at, v_stats, p_lapse_role, p_last_at,
                v_is_late_day, p_pending);
    end if;
    v_is_alone := p_parts.wide_stats is null and not (
        p_is_outdated or v_is_late or v_is_late_day or v_is_negative or p_has_raw or v_is_due
    );
    if v_is_alone and not v_has_reached and (p_pending is null or not p_has_begun) then
        return null;
    end if;
    v_buckets := array_fill(''::text, array[cardinality(p_stats)]) || p_own_buckets
        || p_parts.buckets;
    if v_is_alone and p_pending is null then
        v_is_done := true;
        v_result.candidates := badges_internal._award_reached(v_person, v_org, v_stats, v_buckets,
            v_at, p_new.activity_id, null);
    else
        if v_is_late_day then
            v_placed := badges_internal._place_late_activity(p_new, p_pending, v_stats, v_buckets,
                p_week_origin, p_late_is_simple);
            v_stats := v_placed.stats;
            v_buckets := v_placed.buckets;
            v_has_reached := v_has_reached or v_placed.has_reached;
        end if;
        v_late := row(v_person, v_org, v_at, p_new.activity_id, p_new.activity_date,
            p_new.activity_type, p_new.quantity, p_new.attributes, v_stats, v_buckets);
        if p_parts.wide_stats is null and p_pending is null
            and not (p_is_outdated or v_is_negative or p_has_raw or v_is_due)
        then
            if p_late_is_simple then
                v_is_done := badges_internal._redate_simply(v_late, p_week_origin);
            else
                v_is_done := badges_internal._redate_late(array[v_late], true);
            end if;
            if v_is_done and v_has_reached then
                v_result.candidates := badges_internal._award_reached(v_person, v_org, v_stats,
                    v_buckets, null, null, v_late);
            end if;
        end if;
    end if;
    if v_is_done then
        v_result.peer_mentor_id := case when v_result.candidates is not null then v_person end;
        v_result.is_newest := true;
        return v_result;
    end if;
    v_result := row(v_person, v_org, v_at, p_new.activity_id, p_is_outdated, v_is_late, null,
        p_pending is not null and (p_has_begun or v_is_late_day), null, v_stats, v_buckets, v_late,
        null, null);
    if v_has_reached then
        v_result.candidates := badges_internal._cross_milestones(array(
            select row(v_person, v_org, given.stat, given.bucket)::badges_internal.stat_key
            from unnest(v_stats, v_buckets) as given (stat, bucket)
        ));
    end if;
    if v_is_negative then
        v_result.is_falling := badges_internal._mark_falling(
            v_person, v_org,
            p_parts.falling_stats || case when p_new.quantity < 0 then p_stats end || array(
                select own.stat from unnest(p_own_stats, p_own_values) as own (stat, measured)
                where own.measured < 0
            ),
            v_stats, v_buckets, v_at, p_new.activity_id
        );
    end if;
    if p_parts.wide_stats is not null then
        v_result := badges_internal._measure_wide(v_result, p_parts.wide_stats, p_pending);
    end if;
    if p_pending is null and not (p_is_outdated or v_is_late or v_is_late_day or v_is_negative) then
        v_result.candidates := badges_internal._dated_now(
            v_result.candidates, v_at, p_new.activity_id
        );
    end if;
    v_result.is_only_late := v_is_late and coalesce(v_result.candidates, '{}') = '{}'
        and v_result.is_falling is not true
        and not (p_is_outdated or v_is_negative or p_has_raw or v_is_due);
    return v_result;
end;
$$;

comment on function badges_internal._count_rest(
    badges_internal.new_activity, bigint[], text[], text[], text[], numeric[], text[],
    badges_internal.counted_parts, timestamptz, date, boolean, boolean, boolean, boolean, boolean,
    boolean, text, boolean, boolean, boolean, date
) is
'Does for a counted activity what its rows did not take in one update, and tells what is left.';
