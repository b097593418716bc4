-- Measures a condition over some local days: {"from", "until", "of", "value"} and its values.
--
-- p_bucket: a value of per, null = the best.
create or replace function badges_internal._measured_between(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_bucket text,
    p_from date,
    p_until date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_measure constant text := p_milestone.measure;
    v_at_least constant numeric := (p_selector -> 'per_value' -> 'at_least')::numeric;
begin
    return (
        with chosen as materialized (
            select *
            from badges_internal._selected_activities(
                array[p_peer_mentor_id], p_milestone.org_id, p_milestone.stat, p_bucket, p_from,
                p_until
            ) as found
            where found.bucket is not null
        ),
        elements as (
            select
                chosen.bucket, chosen.element,
                case when p_selector -> 'per_value' ->> 'measure' = 'max'
                    then max(chosen.element_measured) else sum(chosen.element_measured) end as tally
            from chosen
            where chosen.element is not null
            group by chosen.bucket, chosen.element
        ),
        counted as (
            select
                elements.*,
                coalesce(v_at_least is null or elements.tally >= v_at_least, false) as is_counted
            from elements
        ),
        measured as (
            select
                chosen.bucket,
                case
                    when v_measure = 'count' then count(*)
                    when v_measure = 'sum' then sum(chosen.measured)
                    when v_measure = 'max' then max(chosen.measured)
                    when v_measure = 'active_days' then count(distinct chosen.activity_date)
                    else (
                        select count(*)
                        from counted
                        where counted.bucket = chosen.bucket
                        and counted.is_counted
                    )
                end as value
            from chosen
            group by chosen.bucket
            order by value desc nulls last, chosen.bucket
            limit 1
        )
        select jsonb_strip_nulls(jsonb_build_object(
            'from', p_from,
            'until', p_until,
            'of', (
                select badges_internal._scalar_of(measured.bucket)
                from measured
                where p_selector ? 'per'
            ),
            'value', coalesce((select measured.value from measured), 0)
        )) || badges_internal._element_details(
            p_selector, array_agg(counted.element), array_agg(counted.tally),
            array_agg(counted.is_counted)
        )
        from measured
        join counted on counted.bucket = measured.bucket
    );
end;
$$;

comment on function badges_internal._measured_between(
    uuid, badges_internal.milestones, jsonb, text, date, date
) is
'Measures a condition over some local days: {"from", "until", "of", "value"} and its values.';
