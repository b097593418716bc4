-- Makes a new version of a rule set that equals an earlier one.
--
-- Organizations keep the calendars they have now: only rezone_organization changes them. People
-- are evaluated as after apply_rule_set, and the same is refused; gives the same. Awards that the
-- later versions gave stay, unless their badge takes back (p_allow_revoke).
--
-- Locks:  as apply_rule_set.
-- Raises: 22023 when there is no such rule set or version; 55000 as apply_rule_set.
create or replace function badges.rollback_rule_set(
    p_rule_set text,
    p_version integer,
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
declare
    v_document jsonb;
begin
    perform badges_internal._begin_apply();
    v_document := badges_internal._rollback_document(p_rule_set, p_version);
    perform badges_internal._refuse_rule_set(v_document);
    return badges_internal._apply_version(
        v_document, p_allow_revoke, p_expected_version, 'rollback'
    );
end;
$$;

comment on function badges.rollback_rule_set(text, integer, boolean, integer) is
'Makes a new version of a rule set that equals an earlier one.';
