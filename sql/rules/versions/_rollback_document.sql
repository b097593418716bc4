-- Gives the document of an earlier version, with the time zones that its organizations have now.
--
-- Raises: 22023 when there is no such rule set or version.
create or replace function badges_internal._rollback_document(
    p_rule_set text,
    p_version integer
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_document jsonb := badges.get_rule_set(p_rule_set, p_version);
    v_organization record;
begin
    for v_organization in
        select organization.org_id, organization.time_zone
        from badges.organizations as organization
        where v_document -> 'organizations' ? organization.org_id
        and organization.time_zone <> coalesce(
            v_document #>> array['organizations', organization.org_id, 'time_zone'], 'UTC'
        )
    loop
        v_document := jsonb_set(
            v_document, array['organizations', v_organization.org_id, 'time_zone'],
            to_jsonb(v_organization.time_zone)
        );
    end loop;
    return v_document;
end;
$$;

comment on function badges_internal._rollback_document(text, integer) is
'Gives the document of an earlier version, with the time zones that its organizations have now.';
