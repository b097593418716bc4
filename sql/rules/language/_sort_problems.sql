-- Sorts problems by path and text and drops repetitions.
create or replace function badges_internal._sort_problems(p_problems jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(
            found.problem
            order by
                found.problem ->> 'path' collate "C",
                found.problem ->> 'problem' collate "C",
                found.problem ->> 'allowed' collate "C"
        ),
        '[]'
    )
    from (
        select distinct each.value as problem
        from jsonb_array_elements(p_problems) as each
    ) as found;
$$;

comment on function badges_internal._sort_problems(jsonb) is
'Sorts problems by path and text and drops repetitions.';
