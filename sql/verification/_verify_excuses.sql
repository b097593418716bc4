-- Tells since when units of streaks are excused: each unit once, by its first day.
create or replace function badges_internal._verify_excuses(
    p_scope badges_internal.verified_scope
)
returns table (peer_mentor_id uuid, number integer, unit date, excused_at timestamptz)
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (select from unnest(p_scope.stats) as stat where stat.excused_by is not null) then
        return;
    end if;
    return query
    select
        activity.peer_mentor_id,
        stat.number,
        badges_internal._verify_unit_start(
            stat.element_unit, activity.activity_date, stat.week_shift
        ),
        min(activity.occurred_at)
    from badges.activities as activity
    inner join unnest(p_scope.stats) as stat
        on stat.org_id = activity.org_id
        and stat.excused_by -> 'types' ? activity.activity_type
    where badges_internal._verify_is_looked_at(p_scope, activity.peer_mentor_id)
    and badges_internal._verify_exists(stat.existing_days, activity.activity_date)
    and not exists (
        select
        from jsonb_each(stat.excused_by -> 'where') as condition
        cross join lateral jsonb_each(case
            when jsonb_typeof(condition.value) = 'object' then condition.value
            else jsonb_build_object('in', condition.value)
        end) as test
        where badges_internal._verify_matches(
            badges_internal._verify_field(
                activity.attributes, activity.quantity, condition.key
            ),
            test.key,
            case
                when jsonb_typeof(test.value) = 'array' then test.value
                else jsonb_build_array(test.value)
            end
        ) is not true
    )
    group by 1, 2, 3;
end;
$$;

comment on function badges_internal._verify_excuses(badges_internal.verified_scope) is
'Tells since when units of streaks are excused: each unit once, by its first day.';
