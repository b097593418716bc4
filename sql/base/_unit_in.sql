-- Names a calendar unit as an organization counts it; only for weeks is that looked up.
create or replace function badges_internal._unit_in(p_org_id text, p_unit text)
returns text
language plpgsql
stable
as $$
begin
    if p_unit = 'week' then
        return (
            select badges_internal._calendar_unit(p_unit, organization.week_starts)
            from badges.organizations as organization
            where organization.org_id = p_org_id
        );
    end if;
    return p_unit;
end;
$$;

comment on function badges_internal._unit_in(text, text) is
'Names a calendar unit as an organization counts it; only for weeks is that looked up.';
