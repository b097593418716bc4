-- Gives a text in a language: its own version, that of the language without region, else p_default.
--
-- p_texts: a text by language, null = none.
create or replace function badges_internal._text_in(
    p_texts jsonb,
    p_language text,
    p_default text
)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        p_texts ->> p_language,
        p_texts ->> split_part(p_language, '-', 1),
        p_default
    );
end;
$$;

comment on function badges_internal._text_in(jsonb, text, text) is
'Gives a text in a language: its own version, that of the language without region, else p_default.';
