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
    cross join lateral (
        select
            badges_internal._path_step('$.badges', rule.key) || '.criteria'
                || substr(walked.path, 2) || '.activity'
                || case
                    when jsonb_typeof(walked.node -> 'activity') = 'array'
                        then '[' || chosen.ordinality - 1 || ']'
                    else ''
                end as path,
            chosen.value as activity_type
        from jsonb_each(p_sound) as rule
        cross join lateral badges_internal._walk_criteria(rule.value) as walked
        cross join lateral jsonb_array_elements_text(
            case
                when jsonb_typeof(walked.node -> 'activity') = 'array'
                    then walked.node -> 'activity'
                when walked.node ? 'activity' then jsonb_build_array(walked.node -> 'activity')
                when walked.node ->> 'type' = 'training_completion' then '["training_completed"]'
                else '[]'
            end
        ) with ordinality as chosen
    ) as named
    where jsonb_typeof(p_document -> 'activity_types') = 'array'
    and named.activity_type <> all (closed.types);
$$;

comment on function badges_internal._validate_activities(jsonb, jsonb) is
'Lists the activity types that rules name outside the closed list of a rule set.';
