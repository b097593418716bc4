-- Refuses a filter of a consumer that is an empty list, too long, or holds what is no word.
--
-- p_known: what the list may hold, null = any text of 1 to 100 characters.
--
-- Raises: 22023.
create or replace function badges_internal._require_filter(
    p_parameter text,
    p_filter text[],
    p_known text[] default null
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_odd text;
begin
    if p_filter is null then
        return;
    end if;
    if cardinality(p_filter) not between 1 and 1000 or array_ndims(p_filter) > 1 then
        raise exception '% must be null or a list of 1 to 1000 texts', p_parameter
        using errcode = '22023', hint = format('Leave %s out for all of them.', p_parameter);
    end if;
    select badges_internal._quoted(given.word)
    into v_odd
    from unnest(p_filter) as given (word)
    where (given.word = any(p_known) or p_known is null and length(given.word) between 1 and 100)
        is not true
    limit 1;
    if v_odd is not null then
        raise exception '% must not hold %', p_parameter, v_odd
        using
            errcode = '22023',
            hint = coalesce(
                'Known: ' || array_to_string(p_known, ', ') || '.',
                'Give texts of 1 to 100 characters.'
            );
    end if;
end;
$$;

comment on function badges_internal._require_filter(text, text[], text[]) is
'Refuses a filter of a consumer that is an empty list, too long, or holds what is no word.';
