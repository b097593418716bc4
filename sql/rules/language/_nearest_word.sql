-- Finds the known word that a misspelt one most likely means, or null.
create or replace function badges_internal._nearest_word(p_word text, p_known text[])
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select candidate.word
    from (
        select
            known.word,
            badges_internal._edit_distance(p_word, known.word) as distance
        from unnest(p_known) as known (word)
        where length(p_word) <= 40
        and abs(length(p_word) - length(known.word)) <= greatest(1, least(3, length(p_word) / 2))
    ) as candidate
    where candidate.distance <= greatest(1, least(3, length(p_word) / 2))
    order by candidate.distance, candidate.word collate "C"
    limit 1;
$$;

comment on function badges_internal._nearest_word(text, text[]) is
'Finds the known word that a misspelt one most likely means, or null.';
