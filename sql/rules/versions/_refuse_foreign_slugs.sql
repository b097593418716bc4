-- Refuses a document that names what another rule set owns, or another calendar than the present.
--
-- Raises: 23505 when another rule set owns a slug, 22023 when a time zone, or the start of an
--         organization's day or week, would change.
create or replace function badges_internal._refuse_foreign_slugs(
    p_document jsonb,
    p_rule_set text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organizations constant jsonb := coalesce(p_document -> 'organizations', '{}');
    v_badges constant jsonb := coalesce(p_document -> 'badges', '{}');
    v_owner text;
    v_slug text;
    v_key text;
begin
    select owned.slug, owned.rule_set
    into v_slug, v_owner
    from (
        select organization.org_id as slug, organization.rule_set
        from badges.organizations as organization
        where v_organizations ? organization.org_id
        union all
        select definition.badge_definition_id, definition.rule_set
        from badges.badge_definitions as definition
        where v_badges ? definition.badge_definition_id
    ) as owned
    where owned.rule_set <> p_rule_set
    order by owned.slug
    limit 1;
    if v_slug is not null then
        raise exception '"%" belongs to rule set "%"', v_slug, v_owner
        using
            errcode = '23505',
            hint = 'An organization or badge belongs to one rule set; choose another slug.';
    end if;
    select organization.org_id, now.key
    into v_slug, v_key
    from badges.organizations as organization
    cross join jsonb_each(badges_internal._calendar(to_jsonb(organization))) as now
    where v_organizations ? organization.org_id
    and organization.rule_set is not null
    and now.value
        <> badges_internal._calendar(v_organizations -> organization.org_id) -> now.key
    order by organization.org_id, now.key
    limit 1;
    if v_slug is not null then
        raise exception 'the % of "%" cannot change with a rule set',
            replace(v_key, '_', ' '), v_slug
        using
            errcode = '22023',
            table = 'organizations',
            column = v_key,
            hint = 'pgmerit rezone changes it, and what follows from it for its activities.';
    end if;
end;
$$;

comment on function badges_internal._refuse_foreign_slugs(jsonb, text) is
'Refuses a document that names what another rule set owns, or another calendar than the present.';
