-- Tells of a condition measured in windows or by per which part counts, and where it is now.
--
-- {"best", "current"}: parts of the snapshot; current only of windows.
create or replace function badges_internal._bucket_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text
        := badges_internal._unit_in(p_milestone.org_id, p_selector ->> 'window');
    v_day constant date := badges_internal._unit_start(v_unit, p_as_of);
begin
    return (
        with parts as (
            select
                held.bucket,
                badges_internal._measured(held, p_milestone.measure) as value,
                left(held.bucket, 10) = to_char(v_day::timestamp, 'YYYY-MM-DD')
                    as is_current
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_milestone.org_id
            and held.stat = p_milestone.stat
        ),
        chosen as (
            (
                select 'best' as name, bucket, value
                from parts
                order by value desc nulls last, bucket desc
                limit 1
            )
            union all
            (
                select 'current', bucket, value
                from parts
                where v_unit is not null
                and is_current
                order by value desc nulls last, bucket desc
                limit 1
            )
        )
        select case when v_unit is null then '{}' else jsonb_build_object(
            'current', jsonb_build_object(
                'from', v_day,
                'until', badges_internal._unit_end(v_unit, v_day),
                'value', 0
            )
        ) end || coalesce(
            jsonb_object_agg(
                chosen.name,
                jsonb_strip_nulls(jsonb_build_object(
                    'from', case when v_unit is not null then left(chosen.bucket, 10) end,
                    'until', case when v_unit is not null
                        then badges_internal._unit_end(v_unit, left(chosen.bucket, 10)::date) end,
                    'of', case when p_selector ? 'per' then badges_internal._scalar_of(case
                        when v_unit is null then chosen.bucket
                        else substr(chosen.bucket, 12)
                    end) end,
                    'value', coalesce(chosen.value, 0)
                ))
                || badges_internal._stored_elements(
                    p_peer_mentor_id, p_milestone.org_id, p_milestone.stat, chosen.bucket,
                    p_selector
                )
            ),
            '{}'
        )
        from chosen
    );
end;
$$;

comment on function badges_internal._bucket_details(
    uuid, badges_internal.milestones, jsonb, date
) is
'Tells of a condition measured in windows or by per which part counts, and where it is now.';
