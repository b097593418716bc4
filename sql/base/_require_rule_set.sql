-- Refuses a rule set that does not exist.
--
-- Raises: 22023.
create or replace function badges_internal._require_rule_set(p_rule_set text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from badges.rule_sets as held where held.rule_set = p_rule_set) then
        raise exception 'rule set % does not exist', badges_internal._quoted(p_rule_set)
        using errcode = '22023', hint = 'pgmerit rules history lists them.';
    end if;
end;
$$;

comment on function badges_internal._require_rule_set(text) is
'Refuses a rule set that does not exist.';
