-- Enables or disables a badge in one organization, with the organization's own thresholds.
--
-- What an organization's administrator saves alone: p_is_enabled and p_custom_thresholds (null =
-- the badge's own) replace the present ones. Makes a new version of the rule set whose document has
-- the change, validated whole. People are evaluated when they are next touched, or by
-- backfill_rule_set; a disabled badge stops at once and keeps what was earned. Other organizations
-- of the rule set keep the version they have. Gives what apply_rule_set gives; the same again
-- changes nothing.
--
-- Locks:  as apply_rule_set.
-- Raises: 42501 when the caller does not administer the organization, 23503 unknown organization,
--         22023 unknown badge, or with the problems as JSON in detail; 55000 with the losses.
create or replace function badges.configure_badge(
    p_badge_definition_id text,
    p_org_id text,
    p_is_enabled boolean,
    p_custom_thresholds jsonb,
    p_allow_revoke boolean default false
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_rule_set text;
    v_document jsonb;
    v_organization jsonb;
begin
    perform badges_internal._require_administration(p_org_id);
    perform badges_internal._begin_apply();
    v_rule_set := (badges_internal._require_badge(p_badge_definition_id, p_org_id)).rule_set;
    v_document := badges.get_rule_set(v_rule_set);
    v_organization := v_document -> 'organizations' -> p_org_id;
    if v_organization is null or not v_document -> 'badges' ? p_badge_definition_id then
        raise exception 'badge "%" is not active in organization "%"',
            p_badge_definition_id, p_org_id
        using
            errcode = '22023',
            hint = 'The rule set no longer names it; apply one that does first.';
    end if;
    v_organization := badges_internal._configured(
        v_organization,
        array(select badge.key from jsonb_object_keys(v_document -> 'badges') as badge (key)),
        p_badge_definition_id, coalesce(p_is_enabled, true),
        nullif(p_custom_thresholds, 'null')
    );
    v_document := jsonb_set(v_document, array['organizations', p_org_id], v_organization);
    perform badges_internal._refuse_rule_set(v_document);
    return badges_internal._apply_version(
        v_document, p_allow_revoke, null, 'configure', p_org_id
    );
end;
$$;

comment on function badges.configure_badge(text, text, boolean, jsonb, boolean) is
'Enables or disables a badge in one organization, with the organization''s own thresholds.';
