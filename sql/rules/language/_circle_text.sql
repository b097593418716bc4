-- Says that badges need each other; of a long circle the first ones and the last.
create or replace function badges_internal._circle_text(p_circle jsonb)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select 'badges_earned goes in a circle: ' || string_agg(
        case
            when each.ordinality = 10 and shown.length > 10
                then format('%s more', shown.length - 10)
            else each.value
        end,
        ', '
        order by each.ordinality
    )
    from (select jsonb_array_length(p_circle) as length) as shown
    cross join jsonb_array_elements_text(p_circle) with ordinality as each
    where each.ordinality <= 10
    or each.ordinality = shown.length;
$$;

comment on function badges_internal._circle_text(jsonb) is
'Says that badges need each other; of a long circle the first ones and the last.';
