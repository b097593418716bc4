-- Keeps the best rolling windows of one stat: docs of _measure_apart.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._roll_stat(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    p_from date[],
    p_to date[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_org_id constant text := p_defined.org_id;
    v_stat constant text := p_defined.stat;
    v_days constant integer := (p_defined.route).rolling_days;
    v_from constant date := (select min(first_day) from unnest(p_from) as first_day);
    v_to constant date := (select max(last_day) from unnest(p_to) as last_day);
    v_falling uuid[];
    v_written badges_internal.stat_key[];
    v_candidates badges_internal.candidate[];
begin
    if v_from is null then
        delete from badges.peer_mentor_stats as held
        where held.peer_mentor_id = any(p_peer_mentor_ids)
        and held.org_id = v_org_id
        and held.stat = v_stat;
    else
        v_falling := array(
            select distinct found.peer_mentor_id
            from badges_internal._selected_activities(
                p_peer_mentor_ids, v_org_id, v_stat, null, v_from, v_to
            ) as found
            where least(found.measured, found.element_measured) < 0
        );
        if v_falling <> '{}' then
            v_candidates := badges_internal._roll_stat(
                p_defined, v_falling, null::date[], null::date[]
            );
        end if;
    end if;

    with people as (
        select person.*
        from unnest(p_peer_mentor_ids, p_from, p_to) as person (peer_mentor_id, first_day, last_day)
        where v_falling is null
        or person.peer_mentor_id <> all (v_falling)
    ),
    -- Windows that hold a day that got activities.
    touched as (
        select measured.*
        from badges_internal._rolling_windows(
            p_defined, array(select peer_mentor_id from people), v_from - v_days + 1,
            v_to + v_days - 1
        ) as measured
        join people
            on people.peer_mentor_id = measured.peer_mentor_id
            and (
                people.first_day is null
                or measured.last_day between people.first_day and people.last_day + v_days - 1
            )
    ),
    best as (
        select
            touched.peer_mentor_id, touched.bucket,
            max(touched.activity_count) as activity_count,
            -- A window without a number is no better than one below 0.
            coalesce(max(touched.value_sum), badges_internal._held_sum(
                touched.peer_mentor_id, v_org_id, v_stat, touched.bucket
            ), 0) as value_sum,
            max(touched.value_max) as value_max, bool_or(touched.has_negative) as has_negative,
            max(touched.active_days)::integer as active_days,
            max(touched.distinct_count)::integer as distinct_count,
            min(touched.first_at) as first_at, max(touched.last_at) as last_at
        from touched
        group by touched.peer_mentor_id, touched.bucket
    ),
    written as (
        insert into badges.peer_mentor_stats as held (
            peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max,
            has_negative, active_days, distinct_count, first_at, last_at, next_count, next_sum,
            next_max, next_active_days, next_distinct
        )
        select
            best.peer_mentor_id, v_org_id, v_stat, best.bucket, best.activity_count,
            best.value_sum, best.value_max, best.has_negative, best.active_days,
            best.distinct_count, best.first_at, best.last_at,
            (p_defined.thresholds).activity_count[1], (p_defined.thresholds).value_sum[1],
            (p_defined.thresholds).value_max[1], (p_defined.thresholds).active_days[1],
            (p_defined.thresholds).distinct_count[1]
        from best
        order by best.peer_mentor_id, best.bucket
        on conflict (peer_mentor_id, org_id, stat, bucket) do update set
            activity_count = greatest(held.activity_count, excluded.activity_count),
            value_sum = greatest(held.value_sum, excluded.value_sum),
            value_max = greatest(held.value_max, excluded.value_max),
            active_days = greatest(held.active_days, excluded.active_days),
            distinct_count = greatest(held.distinct_count, excluded.distinct_count),
            first_at = least(held.first_at, excluded.first_at),
            last_at = greatest(held.last_at, excluded.last_at)
        returning peer_mentor_id, org_id, stat, bucket
    )
    select array_agg(row(peer_mentor_id, org_id, stat, bucket)::badges_internal.stat_key)
    into v_written
    from written;

    v_candidates := v_candidates || badges_internal._cross_milestones(v_written);
    -- A sum that falls may have been enough at some earlier moment.
    return v_candidates || array(
        select row(
            key.peer_mentor_id, key.org_id, milestone.badge_definition_id, null, null
        )::badges_internal.candidate
        from unnest(v_written) as key
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = key.peer_mentor_id
            and held.org_id = key.org_id
            and held.stat = key.stat
            and held.bucket = key.bucket
            and held.has_negative
        join badges_internal.milestones as milestone
            on milestone.org_id = key.org_id
            and milestone.stat = key.stat
        where v_from is null
    );
end;
$$;

comment on function badges_internal._roll_stat(
    badges_internal.stat_definitions, uuid[], date[], date[]
) is
'Keeps the best rolling windows of one stat: docs of _measure_apart.';
