-- Lists the activity types that rules name outside the closed list of a rule set.
create or replace function badges_internal._validate_activities(p_document jsonb, p_sound jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(
            badges_internal._problem(
                named.path,
                badges_internal._unknown_word(
                    named.activity_type, closed.types, '', ' is not in activity_types'
                ),
                'one of activity_types'
            ) -> 0
        ),
        '[]'
    )
    from (
        select array(
            select each.value #>> '{}'
            from jsonb_array_elements(
                badges_internal._array_or_empty(p_document -> 'activity_types')
            ) as each
            where jsonb_typeof(each.value) = 'string'
        )
    ) as closed (types)
    cross join badges_internal._named_activities(p_sound) as named
    where jsonb_typeof(p_document -> 'activity_types') = 'array'
    and named.activity_type <> all (closed.types);
$$;

comment on function badges_internal._validate_activities(jsonb, jsonb) is
'Lists the activity types that rules name outside the closed list of a rule set.';
