-- Builds the expression of a row's organization or type: fixed, or a column's text, or its name.
--
-- p_given: text, or {"column", "names"}; what names does not list keeps its own.
create or replace function badges_internal._source_word(p_table regclass, p_given jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when jsonb_typeof(p_given) = 'string' then format('%L::text', p_given #>> '{}')
        when p_given ? 'names'
            then format('coalesce(%L::jsonb ->> %s, %s)', p_given -> 'names', held.as_text,
                held.as_text)
        else held.as_text
    end
    from badges_internal._source_column(p_table, p_given ->> 'column') as held;
$$;

comment on function badges_internal._source_word(regclass, jsonb) is
'Builds the expression of a row''s organization or type: fixed, or a column''s text, or its name.';
