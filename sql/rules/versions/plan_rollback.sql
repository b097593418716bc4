-- Tells what rolling a rule set back to an earlier version would change and do to people.
--
-- As plan_rule_set; changes nothing.
--
-- Raises: 22023 when there is no such rule set or version.
create or replace function badges.plan_rollback(p_rule_set text, p_version integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return badges.plan_rule_set(badges_internal._rollback_document(p_rule_set, p_version));
end;
$$;

comment on function badges.plan_rollback(text, integer) is
'Tells what rolling a rule set back to an earlier version would change and do to people.';
