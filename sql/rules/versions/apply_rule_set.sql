-- Makes a document the next version of its rule set; the same document again changes nothing.
--
-- Commits the version only: people are evaluated when they are next touched, or by
-- backfill_rule_set. p_document: docs/rules.md. A document without organizations and badges needs
-- p_allow_empty, one by which people would lose awards p_allow_revoke. p_expected_version: the
-- version it was planned for. Gives rule_set, version, changed, the numbers of organizations,
-- badges and people waiting, and warnings.
--
-- Locks:  the gate of the rules: one apply at a time; at its end inserts wait until the commit:
--         commit at once.
-- Raises: 22023 for a document that is not valid, with the problems as JSON in detail; 23505 when
--         another rule set owns a slug; 55000 when another version is current, or with the losses
--         as JSON in detail; 55P03 when transactions that record activities, or another apply, do
--         not end.
create or replace function badges.apply_rule_set(
    p_document jsonb,
    p_allow_empty boolean default false,
    p_allow_revoke boolean default false,
    p_expected_version integer default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    perform badges_internal._refuse_rule_set(p_document);
    if not p_allow_empty
        and coalesce(p_document -> 'organizations', '{}') = '{}'
        and coalesce(p_document -> 'badges', '{}') = '{}'
    then
        raise exception 'the rule set is empty'
        using
            errcode = '22023',
            hint = 'It would stop every badge of the rule set; allow that by --allow-empty.';
    end if;
    perform badges_internal._begin_apply();
    return badges_internal._apply_version(
        p_document, p_allow_revoke, p_expected_version, 'apply'
    );
end;
$$;

comment on function badges.apply_rule_set(jsonb, boolean, boolean, integer) is
'Makes a document the next version of its rule set; the same document again changes nothing.';
