-- Gives the document of an earlier version, with the calendars that its organizations have now.
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
        select organization.org_id, now.key, now.value
        from badges.organizations as organization
        cross join jsonb_each(badges_internal._calendar(to_jsonb(organization))) as now
        where v_document -> 'organizations' ? organization.org_id
        and now.value <> badges_internal._calendar(
            v_document #> array['organizations', organization.org_id]
        ) -> now.key
    loop
        v_document := jsonb_set(
            v_document, array['organizations', v_organization.org_id, v_organization.key],
            v_organization.value
        );
    end loop;
    return v_document;
end;
$$;

comment on function badges_internal._rollback_document(text, integer) is
'Gives the document of an earlier version, with the calendars that its organizations have now.';
