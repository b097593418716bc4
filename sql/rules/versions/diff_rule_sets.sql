-- Lists how one document differs from another, as plan_rule_set lists changes.
create or replace function badges.diff_rule_sets(p_old jsonb, p_new jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    perform badges_internal._refuse_rule_set(p_old);
    perform badges_internal._refuse_rule_set(p_new);
    return badges_internal._plan_changes(p_old, p_new);
end;
$$;

comment on function badges.diff_rule_sets(jsonb, jsonb) is
'Lists how one document differs from another, as plan_rule_set lists changes.';
