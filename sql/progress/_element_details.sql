-- Tells which of the given distinct values count, which lack of a closed list, and which are near.
--
-- {"counted", "missing"} where the selector's where lists the values, {"open": [{"of", "value",
-- "target", "remaining"}]} of at most ten that have not reached what per_value asks.
create or replace function badges_internal._element_details(
    p_selector jsonb,
    p_elements text[],
    p_tallies numeric[],
    p_counted boolean[]
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_test constant jsonb := p_selector -> 'where' -> (p_selector ->> 'distinct');
    v_listed constant jsonb := case
        when jsonb_typeof(v_test) = 'array' then v_test
        when jsonb_typeof(v_test) = 'object' then v_test -> 'in'
        else jsonb_build_array(v_test)
    end;
    v_target constant numeric := (p_selector -> 'per_value' -> 'at_least')::numeric;
begin
    return case when not p_selector ? 'distinct' then '{}' else (
        with elements as (
            select element.name, element.tally, element.is_counted
            from unnest(p_elements, p_tallies, p_counted) as element (name, tally, is_counted)
        ),
        listed as (
            select
                wanted.value, wanted.position,
                badges_internal._scalar_text(wanted.value) in (
                    select elements.name from elements where elements.is_counted
                ) as is_counted
            from jsonb_array_elements(v_listed) with ordinality as wanted (value, position)
            where v_test is not null
        ),
        nearest as (
            select
                badges_internal._scalar_of(elements.name) as value,
                coalesce(elements.tally, 0) as tally
            from elements
            where not elements.is_counted
            and v_target is not null
            order by elements.tally desc nulls last, elements.name
            limit 10
        )
        select jsonb_strip_nulls(jsonb_build_object(
            'counted', (
                select coalesce(jsonb_agg(value order by position) filter (where is_counted), '[]')
                from listed
                having count(*) > 0
            ),
            'missing', (
                select coalesce(
                    jsonb_agg(value order by position) filter (where not is_counted), '[]'
                )
                from listed
                having count(*) > 0
            ),
            'open', (
                select jsonb_agg(
                    jsonb_build_object(
                        'of', nearest.value, 'value', nearest.tally, 'target', v_target,
                        'remaining', v_target - nearest.tally
                    )
                    order by nearest.tally desc, nearest.value
                )
                from nearest
            )
        ))
    ) end;
end;
$$;

comment on function badges_internal._element_details(jsonb, text[], numeric[], boolean[]) is
'Tells which of the given distinct values count, which lack of a closed list, and which are near.';
