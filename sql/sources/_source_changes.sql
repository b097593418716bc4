-- Builds the query of what a statement changed: was and now, each a badges_internal.source_row.
--
-- p_event: insert, update or delete. Rows that read as the same activity before and after are left
-- out. Which is missing is null, or a row of nulls.
create or replace function badges_internal._source_changes(
    p_table regclass,
    p_definition jsonb,
    p_event text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old constant text := badges_internal._source_mapping(p_table, p_definition, 'old_rows');
    v_new constant text := badges_internal._source_mapping(p_table, p_definition, 'new_rows');
    v_row constant text := 'row(%1$s.source_key, %1$s.peer_mentor_id, %1$s.org_id,'
        ' %1$s.activity_type, %1$s.occurred_at, %1$s.activity_date, %1$s.quantity,'
        ' %1$s.attributes, %1$s.external_id, %1$s.problem)::badges_internal.source_row as %1$s';
    v_none constant text := 'null::badges_internal.source_row as ';
begin
    return case p_event
        when 'insert' then format(
            E'select %swas, %s\nfrom (\n%s\n) as now', v_none, format(v_row, 'now'), v_new
        )
        when 'delete' then format(
            E'select %s, %snow\nfrom (\n%s\n) as was', format(v_row, 'was'), v_none, v_old
        )
        when 'update' then format(
            E'select %s, %s\nfrom (\n%s\n) as was\nfull join (\n%s\n) as now'
            '\non now.source_key = was.source_key\nwhere was is distinct from now',
            format(v_row, 'was'), format(v_row, 'now'), v_old, v_new
        )
    end;
end;
$$;

comment on function badges_internal._source_changes(regclass, jsonb, text) is
'Builds the query of what a statement changed: was and now, each a badges_internal.source_row.';
