-- Lists those of some texts that are keys of a source: others were never one of its rows.
create or replace function badges_internal._usable_source_keys(p_source text, p_keys text[])
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_columns constant record := badges_internal._source_key_columns(p_source);
    v_half constant integer := cardinality(p_keys) / 2;
    v_usable text[];
begin
    execute format('select array_agg(k.source_key) from %s where (%s) is not null',
        v_columns.keys, replace(v_columns.columns, 'held.', 'k.'))
    into v_usable
    using p_keys;
    return coalesce(v_usable, '{}');
exception
    when data_exception then
        if v_half = 0 then
            return '{}';
        end if;
        return badges_internal._usable_source_keys(p_source, p_keys[:v_half])
            || badges_internal._usable_source_keys(p_source, p_keys[v_half + 1:]);
end;
$$;

comment on function badges_internal._usable_source_keys(text, text[]) is
'Lists those of some texts that are keys of a source: others were never one of its rows.';
