-- Lists every applied version of every rule set, newest first.
create or replace function badges.list_rule_sets()
returns table (
    rule_set text,
    version integer,
    checksum text,
    applied_at timestamptz,
    applied_by text,
    origin text, -- apply, rollback, configure or rezone
    is_current boolean
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        applied.rule_set, applied.version, applied.checksum, applied.applied_at,
        applied.applied_by, applied.origin,
        applied.version = max(applied.version) over (partition by applied.rule_set)
    from badges.rule_sets as applied
    order by applied.rule_set, applied.version desc;
end;
$$;

comment on function badges.list_rule_sets() is
'Lists every applied version of every rule set, newest first.';
