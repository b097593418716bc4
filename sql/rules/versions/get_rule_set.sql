-- Gives the document of a rule set as it was applied; without a version the current one.
--
-- Raises: 22023 when there is no such rule set or version.
create or replace function badges.get_rule_set(
    p_rule_set text,
    p_version integer default null
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_document jsonb;
begin
    select applied.document
    into v_document
    from badges.rule_sets as applied
    where applied.rule_set = p_rule_set
    and (p_version is null or applied.version = p_version)
    order by applied.version desc
    limit 1;
    if not found then
        raise exception 'rule set % has no version %', badges_internal._quoted(p_rule_set),
            coalesce(p_version::text, 'at all')
        using
            errcode = '22023',
            hint = 'pgmerit rules history lists them.';
    end if;
    return v_document;
end;
$$;

comment on function badges.get_rule_set(text, integer) is
'Gives the document of a rule set as it was applied; without a version the current one.';
