-- Reads what gone activities of one person had in each row of the snapshot, the base row first.
create or replace function badges_internal._gone_parts(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_gone badges_internal.gone_activity[],
    p_pending bigint[]
)
returns badges_internal.gone_part[]
language plpgsql
volatile
as $$
begin
    return array(
        with picked as materialized (
            select *
            from badges_internal._gone_readings(p_org_id, p_gone) as reading
            where reading.bucket is not null
        ),
        elements as (
            select
                (picked.route).stat,
                picked.bucket,
                row(
                    picked.element, (array_agg(picked.value))[1], count(*),
                    sum(picked.element_measured), max(picked.element_measured)
                )::badges_internal.gone_element as element
            from picked
            where picked.element is not null
            and (picked.route).rolling_days is null
            group by (picked.route).stat, picked.bucket, picked.element
        ),
        parts as (
            select
                (picked.route).stat,
                picked.bucket,
                (array_agg(picked.route))[1] as route,
                count(*) as activity_count,
                sum(picked.measured) as value_sum,
                max(picked.measured) as value_max,
                min(least(
                    picked.measured,
                    case when (picked.route).element_measure = 'sum'
                        then picked.element_measured end
                )) as value_min,
                min(picked.occurred_at) as first_at,
                max(picked.occurred_at) as last_at,
                array_agg(distinct picked.activity_date) as days
            from picked
            group by (picked.route).stat, picked.bucket
        )
        select row(
            p_peer_mentor_id,
            p_org_id,
            part.stat,
            part.bucket,
            case
                when part.stat like '=%' then array[substr(part.stat, 2)]
                else defined.activity_types
            end,
            part.route,
            defined.thresholds,
            case when held.stat is not null then row(
                held.activity_count, held.value_sum, held.value_max, held.has_negative,
                held.active_days, held.distinct_count,
                array[held.day_run, held.week_run, held.month_run],
                array[held.longest_day_run, held.longest_week_run, held.longest_month_run],
                held.run_end, held.first_at, held.last_at, held.last_date
            )::badges_internal.held_stat end,
            period.first_day,
            (period.first_day + case (part.route).window_unit
                when 'day' then interval '1 day'
                when 'week' then interval '7 days'
                when 'month' then interval '1 month'
                when 'quarter' then interval '3 months'
                else interval '1 year'
            end)::date - 1,
            p_pending,
            part.activity_count,
            part.value_sum,
            part.value_max,
            part.value_min,
            part.first_at,
            part.last_at,
            part.days,
            (
                select array_agg(elements.element)
                from elements
                where elements.stat = part.stat
                and elements.bucket = part.bucket
            )
        )::badges_internal.gone_part
        from parts as part
        left join badges_internal.stat_definitions as defined
            on defined.org_id = p_org_id
            and defined.stat = part.stat
        left join badges.peer_mentor_stats as held
            on held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = part.stat
            and held.bucket = part.bucket
        cross join lateral (
            select case when (part.route).window_unit is not null then
                badges_internal._unit_start((part.route).window_unit, part.days[1]) end as first_day
        ) as period
        order by part.stat, part.bucket
    );
end;
$$;

comment on function badges_internal._gone_parts(
    uuid, text, badges_internal.gone_activity[], bigint[]
) is
'Reads what gone activities of one person had in each row of the snapshot, the base row first.';
