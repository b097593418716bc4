-- Builds what attach_source runs: the views of a source and the triggers on its table.
--
-- p_definition: valid, with a key. The triggers go on every partition too, which one may write to
-- by name.
create or replace function badges_internal._source_statement(
    p_source text,
    p_table regclass,
    p_definition jsonb
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_keys text; -- the key's columns, natively, as key_1 and on
    v_parts text[];
    v_event text;
    v_table text;
begin
    select string_agg(format('r.%I as key_%s', named.column_name, named.place), ', '
        order by named.place)
    into v_keys
    from badges_internal._source_columns(p_definition) as named
    where named.purpose = 'key';
    v_parts := array[
        format(
            E'-- What the activities must be.\ncreate view badges_sources.%I as\n%s;', p_source,
            badges_internal._source_mapping(
                p_table, p_definition, p_table::text, E',\n    ' || v_keys
            )
        ),
        format(
            E'-- The keys of all rows.\ncreate view badges_sources.%I as\n'
            'select %s as source_key, %s\nfrom %s as r;',
            p_source || ':keys',
            badges_internal._source_key_text(p_table, p_definition), v_keys, p_table
        )
    ];
    foreach v_event in array array['insert', 'update', 'delete', 'truncate'] loop
        v_parts := v_parts
            || badges_internal._source_function_statement(p_source, p_table, p_definition, v_event);
        for v_table in
            select tree.relid::regclass::text
            from badges_internal._source_tree(p_table) as tree
            order by tree.relid = p_table desc, 1
        loop
            v_parts := v_parts || format(
                E'create or replace trigger %I\nafter %s on %s%s\n'
                'for each statement execute function badges_sources.%I();',
                'pgmerit_' || p_source || '_' || v_event, v_event, v_table,
                case v_event
                    when 'insert' then E'\nreferencing new table as new_rows'
                    when 'update'
                        then E'\nreferencing old table as old_rows new table as new_rows'
                    when 'delete' then E'\nreferencing old table as old_rows'
                    else ''
                end,
                p_source || ':' || v_event
            );
        end loop;
    end loop;
    v_parts := v_parts || badges_internal._source_erase_statement(p_source, p_definition);
    return array_to_string(v_parts, E'\n\n') || E'\n';
end;
$$;

comment on function badges_internal._source_statement(text, regclass, jsonb) is
'Builds what attach_source runs: the views of a source and the triggers on its table.';
