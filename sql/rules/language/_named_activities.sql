-- Lists the activity types that criteria, valid or not, name, with the badge and the place.
create or replace function badges_internal._named_activities(p_written jsonb)
returns table (badge text, path text, activity_type text)
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select
        rule.key,
        badges_internal._path_step('$.badges', rule.key) || '.criteria'
            || substr(walked.path, 2) || named.place || '.activity'
            || case
                when jsonb_typeof(named.activity) = 'array' then '[' || chosen.ordinality - 1 || ']'
                else ''
            end,
        chosen.value #>> '{}'
    from jsonb_each(p_written) as rule
    cross join lateral badges_internal._walk_criteria(rule.value) as walked
    cross join lateral (
        values
        (
            '',
            case
                when walked.node ->> 'type' = 'training_completion'
                    then coalesce(walked.node -> 'activity', '"training_completed"')
                else walked.node -> 'activity'
            end
        ),
        (
            '.excused_by',
            case when walked.node ->> 'type' = 'streak'
                then walked.node -> 'excused_by' -> 'activity' end
        )
    ) as named (place, activity)
    cross join lateral jsonb_array_elements(badges_internal._listed(named.activity))
        with ordinality as chosen
    where badges_internal._criteria_grammar() -> 'types' -> (walked.node ->> 'type') -> 'keys'
        ? 'activity'
    and jsonb_typeof(chosen.value) = 'string';
$$;

comment on function badges_internal._named_activities(jsonb) is
'Lists the activity types that criteria, valid or not, name, with the badge and the place.';
