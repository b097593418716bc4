-- Gives an organization another calendar: a new version of its rule set, and new local days.
--
-- p_time_zone, p_day_starts (HH:MM, 00:00 to 12:00), p_week_starts (monday, saturday, sunday): null
-- = as it is. People's days are rewritten when they are next touched, or by backfill_rule_set: call
-- that until nothing remains. Days that the writer gave by hand, other than the organization's,
-- stay; another start of the week leaves all days and builds what is counted by weeks. Stats and
-- awards follow as after a correction. Gives rule_set, version, changed and the people waiting.
--
-- Locks:  as apply_rule_set.
-- Raises: 23503 unknown organization; 22023 an unknown zone, no such start of the day or week, or
--         no rule set; 55000 while an earlier change of days is not finished.
create or replace function badges.rezone_organization(
    p_org_id text,
    p_time_zone text default null,
    p_day_starts text default null,
    p_week_starts text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_given constant jsonb := jsonb_strip_nulls(jsonb_build_object(
        'time_zone', p_time_zone, 'day_starts', p_day_starts, 'week_starts', p_week_starts
    ));
    v_organization badges.organizations;
    v_before jsonb;
    v_after jsonb;
    v_version integer;
    v_document jsonb;
    v_waiting bigint;
begin
    perform badges_internal._require_organization(p_org_id);
    perform badges_internal._require_calendar(v_given);
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
    v_before := badges_internal._calendar(to_jsonb(v_organization));
    v_after := v_before || v_given;
    if v_organization.previous_time_zone is not null and v_after <> v_before then
        raise exception 'the calendar of "%" is being changed already', p_org_id
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
    if v_after <> v_before then
        v_version := v_version + 1;
        v_document := jsonb_set(
            v_document, array['organizations', p_org_id],
            v_document #> array['organizations', p_org_id] || v_given
        );
        insert into badges.rule_sets (
            rule_set, version, document, checksum, applied_at, applied_by, origin
        )
        values (
            v_organization.rule_set, v_version, v_document,
            encode(sha256(convert_to(v_document::text, 'UTF8')), 'hex'), clock_timestamp(),
            session_user, 'rezone'
        );
        perform badges_internal._move_calendar(p_org_id, v_version, v_after);
    end if;
    v_waiting := badges_internal._count_waiting_people(
        v_organization.rule_set, p_org_id, v_version
    );
    if v_after <> v_before then
        perform badges_internal._replace_rules(array[p_org_id], v_version);
    end if;
    return jsonb_build_object(
        'rule_set', v_organization.rule_set,
        'version', v_version,
        'changed', v_after <> v_before,
        'people_to_evaluate', v_waiting
    );
end;
$$;

comment on function badges.rezone_organization(text, text, text, text) is
'Gives an organization another calendar: a new version of its rule set, and new local days.';
