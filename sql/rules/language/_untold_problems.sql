-- Gives those of some problems at whose place nothing is told already.
create or replace function badges_internal._untold_problems(p_problems jsonb, p_told jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(each.value), '[]')
    from jsonb_array_elements(p_problems) as each
    where not exists (
        select
        from jsonb_array_elements(p_told) as told
        where told.value ->> 'path' = each.value ->> 'path'
    );
$$;

comment on function badges_internal._untold_problems(jsonb, jsonb) is
'Gives those of some problems at whose place nothing is told already.';
