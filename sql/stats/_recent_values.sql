-- Measures what a stat chooses of the days that end today, of people: a row a person and measure.
--
-- p_days: how many days; p_as_of: the local day that counts as today. Of a parted stat the best
-- part counts. Who has nothing there is left out. Reads the people's activities of those days.
create or replace function badges_internal._recent_values(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_days integer,
    p_as_of date
)
returns table (peer_mentor_id uuid, measure text, value numeric)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_org_id, p_stat)).route;
begin
    return query
    with chosen as materialized (
        select *
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null, p_as_of - p_days + 1, p_as_of
        )
        where bucket is not null
    ),
    elements as (
        select chosen.peer_mentor_id, chosen.bucket
        from chosen
        where chosen.element is not null
        group by chosen.peer_mentor_id, chosen.bucket, chosen.element
        having v_route.element_at_least is null
        or case
            when v_route.element_measure = 'max' then max(chosen.element_measured)
            else sum(chosen.element_measured)
        end >= v_route.element_at_least
    ),
    parts as (
        select
            chosen.peer_mentor_id, chosen.bucket, count(*) as activity_count,
            coalesce(sum(chosen.measured), 0) as value_sum, max(chosen.measured) as value_max,
            count(distinct chosen.activity_date) as active_days
        from chosen
        group by chosen.peer_mentor_id, chosen.bucket
    ),
    counted as (
        select elements.peer_mentor_id, elements.bucket, count(*) as distinct_count
        from elements
        group by elements.peer_mentor_id, elements.bucket
    )
    select parts.peer_mentor_id, measured.measure, max(measured.value)
    from parts
    left join counted using (peer_mentor_id, bucket)
    cross join lateral (
        values
            ('count', parts.activity_count::numeric),
            ('sum', parts.value_sum),
            ('max', parts.value_max),
            ('active_days', parts.active_days::numeric),
            ('distinct', coalesce(counted.distinct_count, 0)::numeric)
    ) as measured (measure, value)
    group by parts.peer_mentor_id, measured.measure;
end;
$$;

comment on function badges_internal._recent_values(uuid[], text, text, integer, date) is
'Measures what a stat chooses of the days that end today, of people: a row a person and measure.';
