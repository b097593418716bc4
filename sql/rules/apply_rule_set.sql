-- Makes a document the next version of its rule set; the same document again changes nothing.
--
-- Commits the version only: people are evaluated when they are next touched, or by
-- backfill_rule_set. p_document: docs/rules.md. Gives rule_set, version, changed and the numbers
-- of organizations, badges and people waiting. A document without organizations and badges needs
-- p_allow_empty.
--
-- Locks:  an advisory lock for the transaction: one apply at a time; at its end the rules, so that
--         inserts wait until the commit: commit at once.
-- Raises: 22023 for a document that is not valid, with the problems as JSON in detail; 23505 when
--         another rule set owns a slug; 55P03 when transactions that record activities do not end.
create or replace function badges.apply_rule_set(
    p_document jsonb,
    p_allow_empty boolean default false
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_problems constant jsonb := badges_internal._validate_rule_set(p_document);
    v_checksum constant text := encode(sha256(convert_to(p_document::text, 'UTF8')), 'hex');
    v_rule_set constant text := p_document ->> 'ruleset';
    v_version integer;
    v_current text;
    v_is_changed boolean;
begin
    if jsonb_array_length(v_problems) > 0 then
        raise exception 'the rule set has % problem(s); the first: % %',
            jsonb_array_length(v_problems), v_problems -> 0 ->> 'path',
            v_problems -> 0 ->> 'problem'
        using
            errcode = '22023',
            detail = v_problems::text,
            hint = 'pgmerit rules validate lists them with their lines.';
    end if;
    if not p_allow_empty
        and coalesce(p_document -> 'organizations', '{}') = '{}'
        and coalesce(p_document -> 'badges', '{}') = '{}'
    then
        raise exception 'the rule set is empty'
        using
            errcode = '22023',
            hint = 'It would stop every badge of the rule set; allow that by --allow-empty.';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('badges.apply_rule_set', 0));

    select applied.version, applied.checksum
    into v_version, v_current
    from badges.rule_sets as applied
    where applied.rule_set = v_rule_set
    order by applied.version desc
    limit 1;
    v_is_changed := v_current is distinct from v_checksum;
    if v_is_changed then
        v_version := coalesce(v_version, 0) + 1;
        insert into badges.rule_sets (
            rule_set, version, document, checksum, applied_at, applied_by
        )
        values (
            v_rule_set, v_version, p_document, v_checksum, clock_timestamp(), session_user
        );
        perform badges_internal._save_definitions(p_document, v_rule_set, v_version);
        perform badges_internal._save_compiled(v_rule_set, v_version);
        perform badges_internal._replace_rules(v_rule_set, v_version);
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
        'people_to_evaluate', badges_internal._count_waiting_people(v_rule_set),
        'warnings', '[]'::jsonb
    );
end;
$$;

comment on function badges.apply_rule_set(jsonb, boolean) is
'Makes a document the next version of its rule set; the same document again changes nothing.';
