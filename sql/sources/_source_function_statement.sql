-- Builds the trigger function of a source for one event: insert, update, delete or truncate.
--
-- It hands the rows as activities to _write_source_rows. Its work is a subtransaction of the
-- application's: whatever fails is undone and set aside, and the application goes on. That is
-- the one place for "when others": which error it was is of no matter to the application, and
-- nothing is lost, since the reason and the row are kept. A cancelled statement stays cancelled.
create or replace function badges_internal._source_function_statement(
    p_source text,
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
    v_columns text;
    v_head constant text := format(
        $sql$create or replace function badges_sources.%I()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $trigger$
$sql$,
        p_source || ':' || p_event
    );
    v_foot constant text := format(
        E'$trigger$;\n\nrevoke all on function badges_sources.%I() from public;',
        p_source || ':' || p_event
    );
begin
    if p_event = 'truncate' then
        return v_head || format(
            $sql$begin
    perform badges_internal._forget_source_rows(%1$L);
    return null;
exception
    when others then
        perform badges_internal._set_source_aside(%1$L, sqlerrm);
        return null;
end;
$sql$,
            p_source
        ) || v_foot;
    end if;
    select string_agg(distinct case held.kind
        when 'text' then format('r.%I::text collate "C"', named.column_name)
        else format('r.%I', named.column_name)
    end, ', ')
    into v_columns
    from badges_internal._source_columns(p_definition) as named
    cross join lateral badges_internal._source_column(p_table, named.column_name) as held;
    return v_head || format(
        $sql$declare
    v_changes cursor for
%2$s;
    v_changed record;
    v_before badges_internal.source_row[];
    v_after badges_internal.source_row[];
    v_count integer := 0;
    v_reason text;
begin
%3$s    perform from badges_internal.rule_gate for key share;
    for v_changed in v_changes loop
%4$s        v_count := v_count + 1;
        if v_count = 50000 then
            perform badges_internal._write_source_rows(%1$L, v_before, v_after);
            v_before := null;
            v_after := null;
            v_count := 0;
        end if;
    end loop;
    if v_count > 0 then
        perform badges_internal._write_source_rows(%1$L, v_before, v_after);
    end if;
    return null;
exception
    when others then
        v_reason := sqlerrm;
        begin
            v_before := null;
            for v_changed in v_changes loop
                v_before := v_before || v_changed.was || v_changed.now;
            end loop;
            perform badges_internal._set_changes_aside(%1$L, v_before, v_reason);
        exception
            when others then
                perform badges_internal._set_source_aside(%1$L, v_reason);
        end;
        return null;
end;
$sql$,
        p_source, badges_internal._source_changes(p_table, p_definition, p_event),
        case p_event when 'update' then format(
            $sql$    -- Most changes of a row are none of its activity.
    if not exists (
        select %1$s from new_rows as r
        except
        select %1$s from old_rows as r
    ) then
        return null;
    end if;
$sql$,
            v_columns
        ) else '' end,
        case when p_event <> 'insert'
            then E'        v_before := v_before || v_changed.was;\n' else '' end
        || case when p_event <> 'delete'
            then E'        v_after := v_after || v_changed.now;\n' else '' end
    ) || v_foot;
end;
$$;

comment on function badges_internal._source_function_statement(text, regclass, jsonb, text) is
'Builds the trigger function of a source for one event: insert, update, delete or truncate.';
