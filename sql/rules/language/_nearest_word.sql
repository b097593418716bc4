-- Finds the known word that a misspelt one most likely means, or null.
--
-- A letter that only one of the two has costs a change each time: most words are told apart by
-- that. Of very many words none is looked for.
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
        from (select greatest(1, least(3, length(p_word) / 2)) as changes) as most
        cross join unnest(p_known) as known (word)
        where length(p_word) <= 40
        and cardinality(p_known) <= 1000
        and abs(length(p_word) - length(known.word)) <= most.changes
        and length(translate(p_word, known.word, '')) <= most.changes
        and length(translate(known.word, p_word, '')) <= most.changes
    ) as candidate
    where candidate.distance <= greatest(1, least(3, length(p_word) / 2))
    order by candidate.distance, candidate.word collate "C"
    limit 1;
$$;

comment on function badges_internal._nearest_word(text, text[]) is
'Finds the known word that a misspelt one most likely means, or null.';
