-- Gives the rule set that a badge is calibrated in, and of it what is compiled for that badge.
--
-- asked: the badge alone, active, without repetitions, in p_org_id or else where it is enabled; in
-- all organizations of the rule set where it is enabled nowhere.
--
-- Raises: 22023 for an unknown badge, one that lapses, and for a document that is not valid, with
--         the problems as JSON in detail; 23503 unknown organization.
create or replace function badges_internal._calibrate_document(
    p_badge_definition_id text,
    p_org_id text,
    p_document jsonb,
    out document jsonb,
    out asked jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organizations jsonb;
begin
    if p_org_id is not null then
        perform badges_internal._require_organization(p_org_id);
    end if;
    if p_document is not null then
        perform badges_internal._refuse_rule_set(p_document);
    end if;
    document := coalesce(p_document, (
        select applied.document
        from badges.badge_definitions as definition
        join badges.rule_sets as applied on applied.rule_set = definition.rule_set
        where definition.badge_definition_id = p_badge_definition_id
        order by applied.version desc
        limit 1
    ), '{}');
    if not coalesce(document -> 'badges' ? p_badge_definition_id, false)
        or not coalesce(document -> 'organizations' ? p_org_id, true)
    then
        raise exception 'badge % is not in the rule set%',
            badges_internal._quoted(p_badge_definition_id),
            coalesce(' of organization "' || p_org_id || '"', '')
        using
            errcode = '22023',
            hint = 'pgmerit rules show lists organizations and badges.';
    end if;
    if document #>> array['badges', p_badge_definition_id, 'on_unmet'] = 'lapse' then
        raise exception 'badge "%" lapses: how many hold it changes with time',
            p_badge_definition_id
        using
            errcode = '22023',
            hint = 'Plan a rule set with another number: it tells who would hold the badge now.';
    end if;
    v_organizations := (
        with chosen as (
            select
                organization.key as org_id, organization.value,
                coalesce(organization.value -> 'badges' ? p_badge_definition_id, true)
                    as is_enabled
            from jsonb_each(coalesce(document -> 'organizations', '{}')) as organization
            where organization.key = coalesce(p_org_id, organization.key)
        )
        select jsonb_object_agg(chosen.org_id, chosen.value - 'badges')
        from chosen
        where chosen.is_enabled
        or not exists (select from chosen as other where other.is_enabled)
    );
    asked := jsonb_build_object(
        'organizations', coalesce(v_organizations, '{}'),
        'badges', jsonb_build_object(
            p_badge_definition_id,
            ((document -> 'badges' -> p_badge_definition_id) - 'active')
                #- '{criteria,repeat}'
        )
    );
end;
$$;

comment on function badges_internal._calibrate_document(text, text, jsonb) is
'Gives the rule set that a badge is calibrated in, and of it what is compiled for that badge.';
