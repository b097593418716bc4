-- Compiles the days that exist for a streak to the terms of a jsonpath, as _compile_when.
--
-- Closed dates are looked at month by month: of a long list only one month's are compared.
create or replace function badges_internal._compile_on(p_on jsonb)
returns text[]
language sql
immutable
parallel safe
begin atomic
    select badges_internal._compile_when(p_on - array['closed']) || array(
        select format('!($month == %s && (%s))', closed.month, string_agg(
            case when length(closed.day) = 10 then '$date == ' else '$monthday == ' end
                || to_jsonb(closed.day)::text,
            ' || ' order by closed.day
        ))
        from (
            select listed.day, left(right(listed.day, 5), 2)::integer as month
            from jsonb_array_elements_text(p_on -> 'closed') as listed (day)
        ) as closed
        group by closed.month
        order by closed.month
    );
end;

comment on function badges_internal._compile_on(jsonb) is
'Compiles the days that exist for a streak to the terms of a jsonpath, as _compile_when.';
