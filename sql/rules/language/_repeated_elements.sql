-- Lists the elements of a list that stand in it before, by a key of theirs or as a whole.
--
-- p_key: '' = the whole element. Lists, objects and null are never the same.
create or replace function badges_internal._repeated_elements(
    p_value jsonb,
    p_key text,
    p_path text
)
returns table (path text)
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case p_key
        when '' then counted.place
        else badges_internal._path_step(counted.place, p_key)
    end
    from (
        select
            each.ordinality,
            p_path || '[' || each.ordinality - 1 || ']' as place,
            row_number() over (
                partition by identity.value order by each.ordinality
            ) as number
        from jsonb_array_elements(p_value) with ordinality as each
        cross join lateral (
            select case
                when p_key = '' then each.value
                when jsonb_typeof(each.value) = 'object' then each.value -> p_key
            end as value
        ) as identity
        where jsonb_typeof(identity.value) in ('string', 'number', 'boolean')
    ) as counted
    where counted.number > 1
    order by counted.ordinality;
$$;

comment on function badges_internal._repeated_elements(jsonb, text, text) is
'Lists the elements of a list that stand in it before, by a key of theirs or as a whole.';
