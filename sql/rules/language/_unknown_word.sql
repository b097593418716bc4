-- Words the problem of an unknown word, with the nearest known one.
create or replace function badges_internal._unknown_word(
    p_word text,
    p_known text[],
    p_before text,
    p_after text
)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select p_before || to_jsonb(left(p_word, 100))::text || p_after || coalesce(
        ', did you mean '
            || to_jsonb(badges_internal._nearest_word(p_word, p_known))::text || '?',
        ''
    );
$$;

comment on function badges_internal._unknown_word(text, text[], text, text) is
'Words the problem of an unknown word, with the nearest known one.';
