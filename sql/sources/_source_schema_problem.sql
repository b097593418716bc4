-- Says that a table's name leads into a schema that the engine may not use, or null.
create or replace function badges_internal._source_schema_problem(p_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select format(
            'lies in a schema that is closed: run `grant usage on schema %I to %I`',
            schema.nspname, current_user
        )
        from pg_namespace as schema
        where schema.nspname = (parse_ident(p_name))[1]
        and not has_schema_privilege(schema.oid, 'usage')
    );
exception
    when data_exception or syntax_error_or_access_rule_violation then
        return null;
end;
$$;

comment on function badges_internal._source_schema_problem(text) is
'Says that a table''s name leads into a schema that the engine may not use, or null.';
