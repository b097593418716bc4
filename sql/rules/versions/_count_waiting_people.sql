-- Counts the people of a rule set who are not yet evaluated by its current version.
--
-- p_org_id: of one organization alone. p_version: the version that is about to be the current one.
create or replace function badges_internal._count_waiting_people(
    p_rule_set text,
    p_org_id text default null,
    p_version integer default null
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select count(*)
        from badges.organizations as organization
        join badges.peer_mentor_stats as held
            on held.org_id = organization.org_id
            and held.stat = '*'
            and held.rule_set_version < coalesce(p_version, organization.rule_set_version)
        where organization.rule_set = p_rule_set
        and organization.org_id = coalesce(p_org_id, organization.org_id)
    );
end;
$$;

comment on function badges_internal._count_waiting_people(text, text, integer) is
'Counts the people of a rule set who are not yet evaluated by its current version.';
