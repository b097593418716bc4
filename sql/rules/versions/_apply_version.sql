-- Makes a valid document the next version of its rule set, unless it is the current one already.
--
-- p_origin: apply, rollback or configure. p_expected_version: the version it was planned for, null
-- = any. p_org_id: the one organization that the document changes; the others keep the version
-- they have, and nobody there has to be evaluated. Gives what apply_rule_set gives. The caller has
-- begun the apply.
--
-- Locks:  the gate of the rules.
-- Writes: badges.rule_sets and what is compiled from the document.
-- Raises: 55000 when another version is current, or people would lose awards and p_allow_revoke
--         is false.
create or replace function badges_internal._apply_version(
    p_document jsonb,
    p_allow_revoke boolean,
    p_expected_version integer,
    p_origin text,
    p_org_id text default null
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_rule_set constant text := p_document ->> 'ruleset';
    v_checksum constant text := encode(sha256(convert_to(p_document::text, 'UTF8')), 'hex');
    v_version integer;
    v_current text;
    v_is_changed boolean;
    v_orgs text[];
    v_waiting bigint;
    v_warnings constant jsonb := badges_internal._rule_set_warnings(p_document);
begin
    select applied.version, applied.checksum
    into v_version, v_current
    from badges.rule_sets as applied
    where applied.rule_set = v_rule_set
    order by applied.version desc
    limit 1;
    v_is_changed := v_current is distinct from v_checksum;
    if v_is_changed then
        if coalesce(v_version, 0) <> p_expected_version then
            raise exception 'the rule set "%" is at version %, not %', v_rule_set,
                coalesce(v_version, 0), p_expected_version
            using
                errcode = '55000',
                hint = 'Somebody applied another version meanwhile: plan again.';
        end if;
        if not p_allow_revoke then
            perform badges_internal._refuse_losses(p_document, p_org_id);
        end if;
        v_version := coalesce(v_version, 0) + 1;
        insert into badges.rule_sets (
            rule_set, version, document, checksum, applied_at, applied_by, origin
        )
        values (
            v_rule_set, v_version, p_document, v_checksum, clock_timestamp(), session_user,
            p_origin
        );
        perform badges_internal._save_definitions(p_document, v_rule_set, v_version);
        v_orgs := array(
            select organization.org_id
            from badges.organizations as organization
            where organization.rule_set = v_rule_set
            and organization.org_id = coalesce(p_org_id, organization.org_id)
        );
        perform badges_internal._save_compiled(v_orgs, v_version);
        perform badges_internal._mark_milestones(v_orgs);
        perform badges_internal._save_routes(v_orgs, v_version);
    end if;
    v_waiting := badges_internal._count_waiting_people(v_rule_set, p_org_id, v_version);
    if v_is_changed then
        perform badges_internal._replace_rules(v_orgs, v_version);
    end if;
    return jsonb_build_object(
        'rule_set', v_rule_set,
        'version', v_version,
        'changed', v_is_changed,
        'organizations', (
            select count(*) from jsonb_object_keys(coalesce(p_document -> 'organizations', '{}'))
        ),
        'badges', (
            select count(*) from jsonb_object_keys(coalesce(p_document -> 'badges', '{}'))
        ),
        'people_to_evaluate', v_waiting,
        'warnings', v_warnings
    );
end;
$$;

comment on function badges_internal._apply_version(jsonb, boolean, integer, text, text) is
'Makes a valid document the next version of its rule set, unless it is the current one already.';
