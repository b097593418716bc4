-- Finds the table that a source's definition names, null = there is none.
create or replace function badges_internal._source_table(p_name text)
returns regclass
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A name without a schema would be looked up in the path, which is not the caller's.
    if cardinality(parse_ident(p_name)) <> 2 then
        return null;
    end if;
    return to_regclass(p_name);
exception
    when data_exception or syntax_error_or_access_rule_violation then
        return null;
end;
$$;

comment on function badges_internal._source_table(text) is
'Finds the table that a source''s definition names, null = there is none.';
