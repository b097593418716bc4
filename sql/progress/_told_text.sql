-- Gives a text of _texts in a language, its {places} filled; English where it is not written in it.
--
-- p_places: {"name": value}, null = none.
create or replace function badges_internal._told_text(
    p_key text,
    p_language text,
    p_places jsonb default null
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_texts constant jsonb := badges_internal._texts() -> p_key;
    v_text text := badges_internal._text_in(v_texts, p_language, v_texts ->> 'en');
    v_place record;
begin
    for v_place in select * from jsonb_each_text(p_places) as place (name, value) loop
        v_text := replace(v_text, format('{%s}', v_place.name), coalesce(v_place.value, ''));
    end loop;
    return v_text;
end;
$$;

comment on function badges_internal._told_text(text, text, jsonb) is
'Gives a text of _texts in a language, its {places} filled; English where it is not written in it.';
