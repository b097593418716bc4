-- Gives the definition of an organization's stat; a planned one is named by its selector's text.
create or replace function badges_internal._stat_definition(p_org_id text, p_stat text)
returns badges_internal.stat_definitions
language plpgsql
stable
as $$
declare
    v_defined badges_internal.stat_definitions;
begin
    if starts_with(p_stat, '{') then
        v_defined.org_id := p_org_id;
        v_defined.stat := p_stat;
        v_defined.selector := p_stat::jsonb;
        v_defined.activity_types := case when v_defined.selector ? 'types'
            then array(select jsonb_array_elements_text(v_defined.selector -> 'types')) end;
        v_defined.watched := '{}';
        select badges_internal._stat_route(
            v_defined.selector, v_defined.watched, organization.time_zone,
            organization.week_starts
        )
        into v_defined.route
        from badges.organizations as organization
        where organization.org_id = p_org_id;
        return v_defined;
    end if;
    select defined.*
    into v_defined
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_org_id
    and defined.stat = p_stat;
    return v_defined;
end;
$$;

comment on function badges_internal._stat_definition(text, text) is
'Gives the definition of an organization''s stat; a planned one is named by its selector''s text.';
