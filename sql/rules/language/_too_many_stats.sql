-- Lists the organizations in which an activity has too many stats to be looked at for.
--
-- Of each organization the activity type with most is told.
create or replace function badges_internal._too_many_stats(p_document jsonb, p_sound jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with grammar as (
        select badges_internal._criteria_grammar() -> 'limits' as limits
    ), stats as materialized (
        select distinct
            enabled.org_id, chosen.stat, chosen.activity_type, chosen.is_rolling, chosen.is_unit
        from badges_internal._enabled_badges(p_document, p_sound) as enabled
        join badges_internal._chosen_stats(p_sound) as chosen on chosen.badge = enabled.badge
    ), counted as (
        select
            stats.org_id, stats.activity_type,
            count(*) as stat_count,
            count(*) filter (where stats.is_rolling) as rolling_count,
            count(*) filter (where stats.is_unit) as unit_count
        from stats
        group by stats.org_id, stats.activity_type
    ), routes as materialized (
        select
            counted.org_id, counted.activity_type,
            counted.stat_count + coalesce(others.stat_count, 0) as stat_count,
            counted.rolling_count + coalesce(others.rolling_count, 0) as rolling_count,
            counted.unit_count + coalesce(others.unit_count, 0) as unit_count
        from counted
        left join counted as others
            on others.org_id = counted.org_id
            and others.activity_type = ''
            and counted.activity_type <> ''
    ), found as (
        select distinct on (routes.org_id, kind.words)
            badges_internal._path_step('$.organizations', routes.org_id) as path,
            format(
                'has %s %s for activities of %s', kind.number, kind.words,
                case
                    when routes.activity_type = '' then 'any type'
                    else 'type ' || to_jsonb(routes.activity_type)::text
                end
            ) as problem,
            format('at most %s %s for an activity type', kind.most, kind.words) as allowed
        from routes
        cross join grammar
        cross join lateral (
            values
            ('stats', routes.stat_count, (grammar.limits -> 'stats')::bigint),
            (
                'rolling windows', routes.rolling_count,
                (grammar.limits -> 'rolling_stats')::bigint
            ),
            (
                'streaks of stored units, repeated windows and sequences', routes.unit_count,
                (grammar.limits -> 'unit_stats')::bigint
            )
        ) as kind (words, number, most)
        where kind.number > kind.most
        order by
            routes.org_id, kind.words, kind.number desc, routes.activity_type collate "C"
    ), whole as (
        select sum(routes.stat_count) as stat_count
        from routes
    )
    select coalesce(
        (
            select jsonb_agg(
                badges_internal._problem(found.path, found.problem, found.allowed) -> 0
            )
            from found
        ),
        '[]'
    ) || case
        when whole.stat_count > (grammar.limits -> 'all_routes')::bigint
            then badges_internal._problem(
                '$',
                format('has %s stats for its activity types', whole.stat_count),
                format(
                    'at most %s, those of each activity type in each organization',
                    grammar.limits -> 'all_routes'
                )
            )
        else '[]'
    end
    from whole
    cross join grammar;
$$;

comment on function badges_internal._too_many_stats(jsonb, jsonb) is
'Lists the organizations in which an activity has too many stats to be looked at for.';
