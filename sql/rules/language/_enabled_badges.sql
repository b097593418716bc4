-- Lists the badges of valid criteria that each organization of a document enables.
create or replace function badges_internal._enabled_badges(p_document jsonb, p_sound jsonb)
returns table (org_id text, badge text)
language sql
immutable
parallel safe
rows 10000
set search_path = pg_catalog, pg_temp
as $$
    select distinct organization.key, enabled.badge
    from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations'))
        as organization
    cross join lateral (
        select listed.value #>> '{}' as badge
        from jsonb_array_elements(
            badges_internal._array_or_empty(organization.value -> 'badges')
        ) as listed
        where jsonb_typeof(listed.value) = 'string'
        and p_sound ? (listed.value #>> '{}')
        union all
        select every.badge
        from jsonb_object_keys(p_sound) as every (badge)
        where not organization.value ? 'badges'
    ) as enabled
    where jsonb_typeof(organization.value) = 'object';
$$;

comment on function badges_internal._enabled_badges(jsonb, jsonb) is
'Lists the badges of valid criteria that each organization of a document enables.';
