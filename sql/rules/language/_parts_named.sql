-- Names what criteria have of the types and keys of a rule of the grammar; empty where nothing is.
--
-- The criteria need not be valid. A key may also be one of a window.
create or replace function badges_internal._parts_named(p_rule jsonb, p_criteria jsonb)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_rule -> 'keys' is null or p_rule -> 'word' is null then
        return '';
    end if;
    return coalesce(
        (
            select string_agg(distinct named.word, ', ' order by named.word)
            from badges_internal._walk_criteria(p_criteria) as part
            cross join lateral (
                select asked.type collate "C" as word
                from jsonb_array_elements_text(p_rule -> 'types') as asked (type)
                where part.node -> 'type' = to_jsonb(asked.type)
                union all
                select asked.key collate "C"
                from jsonb_array_elements_text(p_rule -> 'keys') as asked (key)
                where jsonb_typeof(part.node) = 'object'
                and (
                    part.node ? asked.key
                    or jsonb_typeof(part.node -> 'window') = 'object'
                    and part.node -> 'window' ? asked.key
                )
            ) as named
        ),
        ''
    );
end;
$$;

comment on function badges_internal._parts_named(jsonb, jsonb) is
'Names what criteria have of the types and keys of a rule of the grammar; empty where nothing is.';
