-- Gives the stats document of somebody who has done nothing: all that an organization knows, at 0.
--
-- Its activities and its selectors alone.
create or replace function badges_internal._stats_at_zero(p_org_id text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with nothing (document) as materialized (
        values ('{
            "count": 0, "sum": 0, "max": 0, "active_days": 0, "day_run": 0, "week_run": 0,
            "month_run": 0, "longest_day_run": 0, "longest_week_run": 0, "longest_month_run": 0,
            "first_date": null, "first_at": null, "last_at": null
        }'::jsonb)
    )
    select jsonb_build_object(
        'activities', coalesce(
            jsonb_object_agg(
                coalesce(nullif(substr(known.stat, 2), ''), '*'), nothing.document
            ) filter (where known.stat < '~'),
            '{}'
        ),
        'selectors', coalesce(
            jsonb_object_agg(known.stat, nothing.document || '{"distinct": 0}'), '{}'
        )
    )
    from badges_internal._known_stats(p_org_id) as known
    cross join nothing;
$$;

comment on function badges_internal._stats_at_zero(text) is
'Gives the stats document of somebody who has done nothing: all that an organization knows, at 0.';
