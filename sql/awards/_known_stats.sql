-- Lists the stats that an organization knows: those its rules ask for, and one a known type.
--
-- Known are the types of its rule set's closed list, those its rules name and those its raw
-- expressions name.
create or replace function badges_internal._known_stats(p_org_id text)
returns table (stat text)
language sql
stable
rows 20
set search_path = pg_catalog, pg_temp
as $$
    select defined.stat
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_org_id
    union
    select '*'
    union
    select '=' || known.activity_type
    from (
        select unnest(defined.activity_types)
        from badges_internal.stat_definitions as defined
        where defined.org_id = p_org_id
        union all
        select jsonb_array_elements_text(applied.document -> 'activity_types')
        from badges.organizations as organization
        join badges.rule_sets as applied
            on applied.rule_set = organization.rule_set
            and applied.version = organization.rule_set_version
        where organization.org_id = p_org_id
        union all
        select named.name
        from badges_internal._named_in_raw(p_org_id, 'activities') as named
        where named.name <> '*'
    ) as known (activity_type)
    union
    select named.name
    from badges_internal._named_in_raw(p_org_id, 'selectors') as named;
$$;

comment on function badges_internal._known_stats(text) is
'Lists the stats that an organization knows: those its rules ask for, and one a known type.';
