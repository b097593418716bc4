-- Lists every badge with each badge that it needs under badges_earned, and the place.
--
-- Where none is listed, by category or any, the badge needed is ''. Criteria need not be valid.
create or replace function badges_internal._listed_badges(p_written jsonb)
returns table (badge text, listed text, path text)
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select
        rule.key,
        coalesce(named.value #>> '{}', ''),
        badges_internal._path_step('$.badges', rule.key) || '.criteria'
            || substr(walked.path, 2)
            || coalesce('.badges[' || named.ordinality - 1 || ']', '')
    from jsonb_each(p_written) as rule
    cross join lateral badges_internal._walk_criteria(rule.value) as walked
    left join lateral jsonb_array_elements(
        badges_internal._array_or_empty(walked.node -> 'badges')
    ) with ordinality as named on true
    where walked.node ->> 'type' = 'badges_earned'
    and (jsonb_typeof(named.value) = 'string' or not walked.node ? 'badges');
$$;

comment on function badges_internal._listed_badges(jsonb) is
'Lists every badge with each badge that it needs under badges_earned, and the place.';
