-- Draws the curves of one number of a badge: by organization, how many people have each threshold.
--
-- p_asked, p_milestones, p_groups, p_node: the badge, as it is compiled, and the number. p_is_all:
-- of p_now, as in _calibrate_conditions.
create or replace function badges_internal._calibrate_organizations(
    p_document jsonb,
    p_asked jsonb,
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_node integer,
    p_share numeric,
    p_now date,
    p_is_all boolean,
    p_then date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    return (
        with moments (name, until, is_all) as (
            values ('now', p_now, p_is_all), ('then', p_then, false)
        ),
        totals as materialized (
            select
                moments.name, organization.org_id,
                badges_internal._count_people(
                    organization.org_id, moments.until, moments.is_all
                ) as total
            from moments
            cross join jsonb_object_keys(p_asked -> 'organizations') as organization (org_id)
        ),
        counts as materialized (
            select moments.name, counted.*
            from moments
            cross join lateral badges_internal._calibrate_people(
                p_document, p_milestones, p_groups, p_node, moments.until, moments.is_all
            ) as counted
        ),
        drawn as materialized (
            select totals.org_id, totals.name, totals.total, curve.*
            from totals
            cross join lateral (
                select array_agg(counts.value) as values, array_agg(counts.people) as people
                from counts
                where counts.org_id = totals.org_id
                and counts.name = totals.name
            ) as had
            cross join lateral badges_internal._calibrate_curve(
                had.values, had.people, totals.total, p_share
            ) as curve
        ),
        present as materialized (
            select *
            from badges_internal._calibrate_thresholds(p_asked, p_milestones, p_groups, p_node)
        ),
        points as materialized (
            select
                asked.org_id, asked.threshold,
                jsonb_object_agg(drawn.name, jsonb_build_object(
                    'people', reaching.people,
                    'share', round(reaching.people / nullif(drawn.total, 0), 4)
                )) as told
            from (
                select drawn.org_id, unnest(drawn.points) as threshold
                from drawn
                where drawn.name = 'now'
                union
                select drawn.org_id, unnest(array[drawn.at_least, drawn.at_most])
                from drawn
                union
                select present.org_id, present.threshold
                from present
            ) as asked
            join drawn on drawn.org_id = asked.org_id
            cross join lateral (
                select coalesce(sum(counts.people), 0) as people
                from counts
                where counts.org_id = drawn.org_id
                and counts.name = drawn.name
                and counts.value >= asked.threshold
            ) as reaching
            where asked.threshold is not null
            group by asked.org_id, asked.threshold
        )
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'org_id', organization.key,
                'name', coalesce(organization.value ->> 'name', organization.key),
                'thresholds', (
                    select jsonb_agg(to_jsonb(present) - 'org_id' order by present.threshold)
                    from present
                    where present.org_id = organization.key
                ),
                'curve', coalesce((
                    select jsonb_agg(
                        jsonb_build_object('threshold', points.threshold) || points.told
                        order by points.threshold
                    )
                    from points
                    where points.org_id = organization.key
                ), '[]')
            ) || (
                select jsonb_build_object(
                    'people', jsonb_object_agg(drawn.name, drawn.total),
                    'nearest', jsonb_object_agg(drawn.name, jsonb_build_object(
                        'at_least', drawn.at_least, 'at_most', drawn.at_most
                    )) filter (where p_share is not null)
                )
                from drawn
                where drawn.org_id = organization.key
            )
            order by organization.key
        ), '[]')
        from jsonb_each(p_asked -> 'organizations') as organization
    );
end;
$$;

comment on function badges_internal._calibrate_organizations(
    jsonb, jsonb, badges_internal.milestones[], badges_internal.condition_groups[], integer,
    numeric, date, boolean, date
) is
'Draws the curves of one number of a badge: by organization, how many people have each threshold.';
