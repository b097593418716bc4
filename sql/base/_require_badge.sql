-- Gives the definition of a badge that an organization knows, or refuses.
--
-- Raises: 23503 unknown organization, 22023 a badge that is not of its rule set.
create or replace function badges_internal._require_badge(
    p_badge_definition_id text,
    p_org_id text
)
returns badges.badge_definitions
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_definition badges.badge_definitions;
begin
    perform badges_internal._require_organization(p_org_id);
    select definition.*
    into v_definition
    from badges.badge_definitions as definition
    join badges.organizations as organization
        on organization.rule_set = definition.rule_set
    where definition.badge_definition_id = p_badge_definition_id
    and organization.org_id = p_org_id;
    if not found then
        raise exception 'badge % does not exist in organization "%"',
            badges_internal._quoted(p_badge_definition_id), p_org_id
        using
            errcode = '22023',
            table = 'badge_definitions',
            column = 'badge_definition_id',
            hint = 'pgmerit rules show lists the badges.';
    end if;
    return v_definition;
end;
$$;

comment on function badges_internal._require_badge(text, text) is
'Gives the definition of a badge that an organization knows, or refuses.';
