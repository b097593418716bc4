-- Says what a kind of the grammar allows.
create or replace function badges_internal._allowed_here(p_kind jsonb)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_spec jsonb := badges_internal._resolve_kind(p_kind);
begin
    if v_spec ? 'allowed' then
        return v_spec ->> 'allowed';
    end if;
    return case v_spec ->> 'is'
        when 'word' then (
            select string_agg(word.value, ', ' order by word.ordinality)
            from jsonb_array_elements_text(v_spec -> 'words') with ordinality as word
        )
        when 'object' then (
            select string_agg(name, ', ' order by name collate "C")
            from jsonb_object_keys(v_spec -> 'keys') as name
        )
        when 'either' then badges_internal._allowed_here(v_spec -> 'else')
        else 'anything'
    end;
end;
$$;

comment on function badges_internal._allowed_here(jsonb) is
'Says what a kind of the grammar allows.';
