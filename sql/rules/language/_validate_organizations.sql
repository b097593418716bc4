-- Lists the time zones, enabled badges and overrides of a rule set that cannot be.
--
-- p_written holds the criteria by badge, valid or not.
create or replace function badges_internal._validate_organizations(
    p_document jsonb,
    p_written jsonb
)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with organizations as materialized (
        select
            badges_internal._path_step('$.organizations', each.key) as path,
            each.value as organization
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations')) as each
        where jsonb_typeof(each.value) = 'object'
    ), zones as materialized (
        select organizations.path || '.time_zone' as path, zone.value #>> '{}' as zone
        from organizations
        cross join lateral (select organizations.organization -> 'time_zone') as zone (value)
        where zone.value is not null
        and badges_internal._validate_value('"time_zone"', zone.value, '$') = '[]'
    ), named as (
        select
            organizations.path || '.badges[' || each.ordinality - 1 || ']' as path,
            each.value #>> '{}' as badge
        from organizations
        cross join lateral jsonb_array_elements(
            badges_internal._array_or_empty(organizations.organization -> 'badges')
        ) with ordinality as each
        where jsonb_typeof(each.value) = 'string'
        union all
        select
            badges_internal._path_step(organizations.path || '.custom_thresholds', each.key),
            each.key
        from organizations
        cross join lateral jsonb_object_keys(
            badges_internal._object_or_empty(organizations.organization -> 'custom_thresholds')
        ) as each (key)
    ), numbers as (
        select problem.value as problem
        from organizations
        cross join lateral jsonb_each(
            badges_internal._object_or_empty(organizations.organization -> 'custom_thresholds')
        ) as each
        cross join lateral jsonb_array_elements(
            badges_internal._validate_thresholds(
                p_written -> each.key,
                each.value,
                badges_internal._path_step(organizations.path || '.custom_thresholds', each.key)
            )
        ) as problem
        where badges_internal._may_take_numbers(p_written -> each.key)
        limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
    )
    select badges_internal._problems_of_badges(
        p_document, array_agg(named.path), array_agg(named.badge)
    ) || coalesce((select jsonb_agg(numbers.problem) from numbers), '[]') || coalesce((
        select jsonb_agg(
            badges_internal._problem(
                zones.path,
                to_jsonb(zones.zone)::text || ' is no time zone',
                'an IANA time zone such as Europe/Oslo'
            ) -> 0
        )
        from zones
        join unnest(badges_internal._unknown_time_zones(
            array(select distinct zones.zone from zones)
        )) as unknown (zone) on unknown.zone = zones.zone
    ), '[]')
    from named;
$$;

comment on function badges_internal._validate_organizations(jsonb, jsonb) is
'Lists the time zones, enabled badges and overrides of a rule set that cannot be.';
