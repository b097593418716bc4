-- Lists the activity types that rules name outside the closed list of a rule set.
create or replace function badges_internal._validate_activities(p_document jsonb, p_written jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with closed as materialized (
        select distinct each.value #>> '{}' as activity_type
        from jsonb_array_elements(
            badges_internal._array_or_empty(p_document -> 'activity_types')
        ) as each
        where jsonb_typeof(each.value) = 'string'
    ), missing as (
        select named.path, named.activity_type
        from badges_internal._named_activities(p_written) as named
        where jsonb_typeof(p_document -> 'activity_types') = 'array'
        and not exists (
            select from closed where closed.activity_type = named.activity_type
        )
        order by named.path collate "C"
        limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
    )
    select coalesce(
        jsonb_agg(
            badges_internal._problem(
                missing.path,
                badges_internal._unknown_word(
                    missing.activity_type,
                    array(select closed.activity_type from closed),
                    '',
                    ' is not in activity_types'
                ),
                'one of activity_types'
            ) -> 0
        ),
        '[]'
    )
    from missing;
$$;

comment on function badges_internal._validate_activities(jsonb, jsonb) is
'Lists the activity types that rules name outside the closed list of a rule set.';
