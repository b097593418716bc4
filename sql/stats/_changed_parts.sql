-- Reads what changed activities of one person had, and have now, in each row of the snapshot.
--
-- The base row comes first; rows in which nothing changes are left out.
create or replace function badges_internal._changed_parts(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_changed badges_internal.changed_activity[]
)
returns badges_internal.changed_part[]
language plpgsql
volatile
as $$
begin
    return array(
        with read as materialized (
            select *, (reading.route).stat as stat
            from badges_internal._changed_readings(p_org_id, p_changed) as reading
        ),
        elements as (
            select
                read.stat,
                read.bucket,
                row(
                    read.element,
                    count(*) filter (where not read.is_new),
                    sum(read.element_measured) filter (where not read.is_new),
                    max(read.element_measured) filter (where not read.is_new),
                    count(*) filter (where read.is_new),
                    sum(read.element_measured) filter (where read.is_new),
                    max(read.element_measured) filter (where read.is_new)
                )::badges_internal.changed_element as element
            from read
            where read.element is not null
            and (read.route).rolling_days is null
            group by read.stat, read.bucket, read.element
        ),
        parts as (
            select
                read.stat,
                read.bucket,
                (array_agg(read.route))[1] as route,
                count(*) filter (where not read.is_new) as gone_count,
                sum(read.measured) filter (where not read.is_new) as gone_sum,
                max(read.measured) filter (where not read.is_new) as gone_max,
                count(*) filter (where read.is_new) as come_count,
                sum(read.measured) filter (where read.is_new) as come_sum,
                max(read.measured) filter (where read.is_new) as come_max,
                min(read.lowest) as value_min,
                array_agg(read.occurred_at order by read.occurred_at)
                    filter (where not read.is_new) as gone_moments,
                array_agg(read.occurred_at order by read.occurred_at)
                    filter (where read.is_new) as come_moments,
                array_agg(read.activity_date order by read.activity_date)
                    filter (where not read.is_new) as gone_days,
                array_agg(read.activity_date order by read.activity_date)
                    filter (where read.is_new) as come_days,
                min(read.activity_date) as some_day
            from read
            group by read.stat, read.bucket
        )
        select row(
            p_peer_mentor_id, p_org_id, part.stat, part.bucket,
            case
                when part.stat like '=%' then array[substr(part.stat, 2)]
                else defined.activity_types
            end,
            part.route, defined.thresholds,
            case when held.stat is not null then row(
                held.activity_count, held.value_sum, held.value_max, held.has_negative,
                held.active_days, held.distinct_count,
                array[held.day_run, held.week_run, held.month_run],
                array[held.longest_day_run, held.longest_week_run, held.longest_month_run],
                held.run_end, held.first_at, held.last_at, held.last_date
            )::badges_internal.held_stat end,
            period.first_day, period.last_day, part.gone_count, part.gone_sum, part.gone_max,
            part.come_count, part.come_sum, part.come_max, part.value_min,
            (part.gone_moments, part.gone_days) = (part.come_moments, part.come_days),
            part.gone_moments[1], part.gone_moments[part.gone_count],
            array(select distinct gone.day from unnest(part.gone_days) as gone (day)),
            (
                select array_agg(elements.element)
                from elements
                where elements.stat = part.stat
                and elements.bucket = part.bucket
            )
        )::badges_internal.changed_part
        from parts as part
        left join badges_internal.stat_definitions as defined
            on defined.org_id = p_org_id
            and defined.stat = part.stat
        -- By key whatever statistics say.
        left join lateral (
            select kept.*
            from badges.peer_mentor_stats as kept
            where kept.peer_mentor_id = p_peer_mentor_id
            and kept.org_id = p_org_id
            and kept.stat = part.stat
            and kept.bucket = part.bucket
            offset 0
        ) as held on true
        cross join lateral badges_internal._window_days(
            (part.route).window_unit, part.some_day
        ) as period
        order by part.stat, part.bucket
    );
end;
$$;

comment on function badges_internal._changed_parts(
    uuid, text, badges_internal.changed_activity[]
) is
'Reads what changed activities of one person had, and have now, in each row of the snapshot.';
