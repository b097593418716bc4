-- Lists every problem of a source's definition with its JSON path; empty where it can be attached.
--
-- First the definition's form, then its table, then the table's columns: what cannot be looked at
-- yet is not. p_table: the table that it names, null = there is none.
create or replace function badges_internal._source_problems(
    p_source text,
    p_definition jsonb,
    p_table regclass
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems jsonb;
    v_said text;
begin
    if (p_source ~ '^[a-z0-9][a-z0-9._-]{0,39}$') is not true then
        return badges_internal._problem(
            '$', format('%s is no name of a source', badges_internal._quoted(p_source)),
            'a slug: a-z, 0-9, then also . _ -, at most 40 characters'
        );
    elsif p_definition is null or octet_length(p_definition::text) > 65536 then
        return badges_internal._problem(
            '$', 'must be at most 65536 bytes', 'the definition of a source'
        );
    end if;
    v_problems := badges_internal._validate_value(
        badges_internal._source_grammar(), p_definition, '$'
    );
    if v_problems = '[]' then
        v_said := coalesce(
            badges_internal._source_schema_problem(p_definition ->> 'table'),
            badges_internal._source_table_problem(p_table)
        );
        v_problems := case
            when v_said is not null then badges_internal._problem(
                '$.table', v_said, 'a table with its schema, such as public.quiz_results'
            )
            else badges_internal._source_column_problems(p_definition, p_table)
                || badges_internal._source_user_problems(p_definition, p_table)
        end;
    end if;
    return badges_internal._sort_problems(v_problems);
end;
$$;

comment on function badges_internal._source_problems(text, jsonb, regclass) is
'Lists every problem of a source''s definition with its JSON path; empty where it can be attached.';
