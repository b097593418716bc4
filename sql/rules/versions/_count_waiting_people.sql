-- Counts the people of a rule set who are not yet evaluated by its current version.
--
-- p_org_id: of one organization alone. p_version: the version that is about to be the current one.
-- p_at_most: count no further.
create or replace function badges_internal._count_waiting_people(
    p_rule_set text,
    p_org_id text default null,
    p_version integer default null,
    p_at_most bigint default null
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return (
        select count(*)
        from (
            select
            from badges.organizations as organization
            join badges.peer_mentor_stats as held
                on held.org_id = organization.org_id
                and held.rule_set_version < coalesce(p_version, organization.rule_set_version)
            where organization.rule_set = p_rule_set
            and organization.org_id = coalesce(p_org_id, organization.org_id)
            limit p_at_most
        ) as waiting
    );
end;
$$;

comment on function badges_internal._count_waiting_people(text, text, integer, bigint) is
'Counts the people of a rule set who are not yet evaluated by its current version.';
