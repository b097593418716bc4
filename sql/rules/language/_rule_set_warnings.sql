-- Lists what a valid rule set may say and yet most likely does not mean, each with its JSON path.
--
-- Only what is certain: activity types that were never recorded, badges that no organization
-- enables, days that no calendar has, numbers that cannot be reached.
create or replace function badges_internal._rule_set_warnings(p_document jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with badge as materialized (
        select given.key as slug, given.value -> 'criteria' as criteria
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as given
    ), organizations as materialized (
        select given.value as organization
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations')) as given
    ), named as materialized (
        select activity.activity_type, min(activity.path collate "C") as path
        from (select jsonb_object_agg(badge.slug, badge.criteria) as criteria from badge) as sound
        cross join lateral badges_internal._named_activities(sound.criteria) as activity
        group by activity.activity_type
    ), calendars as materialized (
        select
            badges_internal._path_step('$.badges', badge.slug) || '.criteria'
                || substr(walked.path, 2) || '.when' as path,
            walked.node -> 'when' as calendar
        from badge
        cross join lateral badges_internal._walk_criteria(badge.criteria) as walked
        where walked.node ? 'when'
    ), warnings as (
        select
            named.path, format('the activity type %s was never recorded', to_jsonb(missing.type))
                as message
        from unnest(badges_internal._unrecorded_types(
            array(select named.activity_type from named)
        )) as missing (type)
        join named on named.activity_type = missing.type
        union all
        select '$.organizations', 'no badge can be earned without an organization'
        where exists (select from badge)
        and not exists (select from organizations)
        union all
        select
            badges_internal._path_step('$.badges', badge.slug),
            format('no organization enables the badge %s', to_jsonb(badge.slug))
        from badge
        where exists (select from organizations)
        and not exists (
            select
            from organizations as chosen
            where coalesce(chosen.organization -> 'badges' ? badge.slug, true)
        )
        union all
        select calendars.path, 'no day of the calendar matches'
        from (
            -- A calendar costs forty years of days: the first ones are enough of a warning.
            select calendars.calendar
            from calendars
            group by calendars.calendar
            order by min(calendars.path collate "C")
            limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
        ) as chosen
        join calendars on calendars.calendar = chosen.calendar
        where badges_internal._has_no_day(chosen.calendar)
        union all
        select number.path, number.message
        from badges_internal._unreachable_numbers(p_document) as number
    )
    select coalesce(
        jsonb_agg(
            jsonb_build_object('path', warnings.path, 'message', warnings.message)
            order by warnings.path collate "C", warnings.message collate "C"
        ),
        '[]'
    )
    from warnings;
$$;

comment on function badges_internal._rule_set_warnings(jsonb) is
'Lists what a valid rule set may say and yet most likely does not mean, each with its JSON path.';
