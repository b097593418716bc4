-- Gives an organization another time zone: a new version of its rule set, and new local days.
--
-- People's days are rewritten when they are next touched, or by backfill_rule_set: call that until
-- nothing remains. Days that the writer gave by hand, other than the zone's, stay. Stats and awards
-- follow as after a correction. Gives rule_set, version, changed and the people waiting.
--
-- Locks:  as apply_rule_set.
-- Raises: 23503 unknown organization, 22023 unknown zone or an organization without a rule set,
--         55000 while an earlier change of zone is not finished.
create or replace function badges.rezone_organization(p_org_id text, p_time_zone text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_organization badges.organizations;
    v_version integer;
    v_document jsonb;
    v_waiting bigint;
begin
    perform badges_internal._require_organization(p_org_id);
    if badges_internal._unknown_time_zones(array[p_time_zone]) <> '{}' then
        raise exception '% is no time zone', badges_internal._quoted(p_time_zone)
        using
            errcode = '22023',
            table = 'organizations',
            column = 'time_zone',
            hint = 'Give an IANA name, such as Europe/Oslo.';
    end if;
    perform badges_internal._begin_apply();
    select organization.*
    into v_organization
    from badges.organizations as organization
    where organization.org_id = p_org_id;
    if v_organization.rule_set is null or not v_organization.is_active then
        raise exception 'no rule set names the organization %', badges_internal._quoted(p_org_id)
        using
            errcode = '22023',
            hint = 'Apply a rule set that names it first.';
    end if;
    if v_organization.previous_time_zone is not null
        and v_organization.time_zone <> p_time_zone
    then
        raise exception 'the time zone of "%" is being changed already', p_org_id
        using
            errcode = '55000',
            hint = 'Finish that first: pgmerit rezone with the zone it has now.';
    end if;
    select applied.version, applied.document
    into v_version, v_document
    from badges.rule_sets as applied
    where applied.rule_set = v_organization.rule_set
    order by applied.version desc
    limit 1;
    if v_organization.time_zone <> p_time_zone then
        v_version := v_version + 1;
        v_document := jsonb_set(
            v_document, array['organizations', p_org_id, 'time_zone'], to_jsonb(p_time_zone)
        );
        insert into badges.rule_sets (
            rule_set, version, document, checksum, applied_at, applied_by, origin
        )
        values (
            v_organization.rule_set, v_version, v_document,
            encode(sha256(convert_to(v_document::text, 'UTF8')), 'hex'), clock_timestamp(),
            session_user, 'rezone'
        );
        update badges.organizations as organization
        set time_zone = p_time_zone, previous_time_zone = v_organization.time_zone,
            previous_day_starts = v_organization.day_starts
        where organization.org_id = p_org_id;
        perform badges_internal._save_compiled(array[p_org_id], v_version);
        perform badges_internal._save_routes(array[p_org_id], v_version);
        -- Every day may be another: nothing that people had is of use.
        update badges_internal.stat_definitions as defined
        set since_version = v_version
        where defined.org_id = p_org_id;
        update badges_internal.milestones as milestone
        set since_version = v_version
        where milestone.org_id = p_org_id;
    end if;
    v_waiting := badges_internal._count_waiting_people(
        v_organization.rule_set, p_org_id, v_version
    );
    if v_organization.time_zone <> p_time_zone then
        perform badges_internal._replace_rules(array[p_org_id], v_version);
    end if;
    return jsonb_build_object(
        'rule_set', v_organization.rule_set,
        'version', v_version,
        'changed', v_organization.time_zone <> p_time_zone,
        'people_to_evaluate', v_waiting
    );
end;
$$;

comment on function badges.rezone_organization(text, text) is
'Gives an organization another time zone: a new version of its rule set, and new local days.';
