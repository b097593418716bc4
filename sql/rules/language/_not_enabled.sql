-- Lists the badges under badges_earned that an organization does not enable beside the badge.
create or replace function badges_internal._not_enabled(p_document jsonb, p_written jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with badges as materialized (
        select badges_internal._object_or_empty(p_document -> 'badges') as spec
    ), chosen as materialized (
        select organization.key as org_id, listed.value #>> '{}' as badge
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations'))
            as organization
        cross join lateral jsonb_array_elements(
            badges_internal._array_or_empty(organization.value -> 'badges')
        ) as listed
        where jsonb_typeof(organization.value) = 'object'
        and jsonb_typeof(listed.value) = 'string'
    ), found as (
        select held.path, held.badge, held.listed, chosen.org_id
        from badges
        cross join badges_internal._listed_badges(p_written) as held
        join chosen on chosen.badge = held.badge
        where jsonb_typeof(badges.spec -> held.listed) = 'object'
        and not exists (
            select
            from chosen as beside
            where beside.org_id = chosen.org_id
            and beside.badge = held.listed
        )
        order by held.path collate "C", chosen.org_id collate "C"
        limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
    )
    select coalesce(
        jsonb_agg(
            badges_internal._problem(
                found.path,
                format(
                    'badge %s is not enabled in %s', to_jsonb(found.listed),
                    to_jsonb(found.org_id)
                ),
                format('badges enabled wherever %s is', found.badge)
            ) -> 0
        ),
        '[]'
    )
    from found;
$$;

comment on function badges_internal._not_enabled(jsonb, jsonb) is
'Lists the badges under badges_earned that an organization does not enable beside the badge.';
