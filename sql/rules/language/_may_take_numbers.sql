-- Tells whether criteria, valid or not, say what an organization's numbers are for.
create or replace function badges_internal._may_take_numbers(p_criteria jsonb)
returns boolean
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when not language.grammar -> 'types' ? node.type then false
        when language.grammar -> 'parts' ? node.type
            then jsonb_typeof(p_criteria -> (language.grammar -> 'parts' ->> node.type)) = 'array'
        when node.type <> 'tier' and not p_criteria ? 'tiers' then true
        else language.grammar -> 'types' -> node.type -> 'keys' ? 'tiers'
            and jsonb_typeof(p_criteria -> 'tiers') = 'array'
            and not exists (
                select
                from jsonb_array_elements(
                    badges_internal._array_or_empty(p_criteria -> 'tiers')
                ) as each
                where jsonb_typeof(each.value -> 'tier') is distinct from 'string'
            )
    end is true
    from badges_internal._criteria_grammar() as language (grammar)
    cross join lateral (select p_criteria ->> 'type') as node (type);
$$;

comment on function badges_internal._may_take_numbers(jsonb) is
'Tells whether criteria, valid or not, say what an organization''s numbers are for.';
