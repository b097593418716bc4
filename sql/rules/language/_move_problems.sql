-- Places problems of criteria, whose paths begin with $, below another path.
create or replace function badges_internal._move_problems(p_problems jsonb, p_path text)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(
            each.value || jsonb_build_object('path', p_path || substr(each.value ->> 'path', 2))
        ),
        '[]'
    )
    from jsonb_array_elements(p_problems) as each;
$$;

comment on function badges_internal._move_problems(jsonb, text) is
'Places problems of criteria, whose paths begin with $, below another path.';
