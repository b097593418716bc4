-- Lists what each badge of valid criteria measures, with the activity types it is measured of.
--
-- Two choices that differ in their numbers alone are one stat, but for what each window has to
-- reach where windows repeat; '' stands for any type. What excuses a unit is looked at for the
-- streak too.
create or replace function badges_internal._chosen_stats(p_sound jsonb)
returns table (
    badge text,
    stat bigint,
    activity_type text,
    is_rolling boolean,
    is_unit boolean -- over stored units, windows that repeat, or a sequence
)
language sql
immutable
parallel safe
rows 1000
set search_path = pg_catalog, pg_temp
as $$
    select
        rule.key,
        dense_rank() over (
            order by walked.node - array[
                'type', 'id', 'at_least', 'tiers', 'length', 'repeat', 'require', 'days',
                'months', 'years'
            ] || case
                when walked.node -> 'repeat' ? 'each'
                    then jsonb_build_object('each', walked.node -> 'at_least')
                else '{}'
            end
        ),
        named.activity_type,
        coalesce(walked.node -> 'window' ? 'rolling_days', false)
            or walked.node ? 'within_days',
        walked.node ?| array['per_unit', 'grace', 'consecutive', 'on', 'excused_by', 'qualify']
            or coalesce(walked.node -> 'repeat' ? 'each', false)
    from jsonb_each(p_sound) as rule
    cross join lateral badges_internal._walk_criteria(rule.value) as walked
    cross join lateral jsonb_array_elements_text(
        case
            when walked.node ? 'activity' then
                badges_internal._listed(walked.node -> 'activity')
                || badges_internal._listed(walked.node -> 'excused_by' -> 'activity')
            when walked.node ->> 'type' = 'training_completion' then '["training_completed"]'
            else '[""]'
        end
    ) as named (activity_type)
    where walked.node ->> 'type' in (
        'threshold', 'tier', 'streak', 'training_completion', 'tenure', 'in_a_row', 'share'
    );
$$;

comment on function badges_internal._chosen_stats(jsonb) is
'Lists what each badge of valid criteria measures, with the activity types it is measured of.';
