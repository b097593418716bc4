-- Gives the part of the fold's statement that tells which milestones its rows have reached.
--
-- crossed: those milestones. is_datable: the statement's own activities date it: of people who are
-- new; of people for whom all of them come last, the simple ones that only grow. asked: of those,
-- each row of the snapshot and measure that its activities are read again for.
create or replace function badges_internal._fold_crossings()
returns text
language sql
immutable
parallel safe
return $statement$
reached as materialized (
    select
        merged.cell, merged.bucket, merged.stat_no, merged.org_id, merged.stat, moved.measure,
        moved.before,
        case when merged.may_fall then 0 else moved.lowest end as lowest,
        case when merged.may_fall then 1e30 else moved.value end as value
    -- Most rows reach nothing: their measures are not looked at.
    from (select * from merged where may_fall or has_reached offset 0) as merged
    -- As arrays: of a VALUES list each expression would be made ready for each row anew.
    cross join lateral (
        select
            unnest('{count,sum,max,active_days,distinct,day_run,week_run,month_run}'::text[])
                as measure,
            unnest(array[lowest_count, lowest_sum, lowest_max, lowest_active_days,
                lowest_distinct, lowest_day_run, lowest_week_run, lowest_month_run]) as lowest,
            unnest(array[activity_count, value_sum, value_max, active_days, distinct_count,
                longest_day_run, longest_week_run, longest_month_run]) as value,
            unnest(array[old_count, old_sum, 0, 0, old_distinct, 0, 0, 0]) as before
    ) as moved
    where merged.may_fall or moved.value >= moved.lowest
),
-- Many rows go the same way: their milestones are looked up once.
met as materialized (
    select
        span.stat_no, span.measure, span.lowest, span.value, (milestone).org_id, (milestone).tier,
        (milestone).badge_definition_id, (milestone).occurrence, (milestone).node,
        (milestone).parent, (milestone).stat, (milestone).threshold, (milestone).threshold_source
    from (select distinct stat_no, org_id, stat, measure, lowest, value from reached) as span
    cross join lateral badges_internal._milestones_between(
        span.org_id, span.stat, span.measure, span.lowest, span.value
    )
),
-- is_simple: its moment does not depend on what was there before, if all that is new comes last.
datable as materialized (
    select
        badge.org_id, badge.badge_definition_id,
        bool_and(
            milestone.parent is null
            and milestone.measure in ('count', 'sum', 'max', 'distinct')
            and (defined.route).per_field is null
            and (defined.route).window_unit is null
        ) as is_simple
    from (select distinct org_id, badge_definition_id from met) as badge
    join badges_internal.milestones as milestone using (org_id, badge_definition_id)
    left join badges_internal.stat_definitions as defined using (org_id, stat)
    -- What must not hold is not all told by what is crossed.
    left join badges_internal.condition_groups as barring
        on (barring.org_id, barring.badge_definition_id) = (badge.org_id, badge.badge_definition_id)
        and barring.kind = 'none_of'
    where (badge.org_id, badge.badge_definition_id) not in (
        select place.org_id, place.badge_definition_id
        from badges_internal.badge_places as place
    )
    group by badge.org_id, badge.badge_definition_id
    having bool_and(
        milestone.measure not in ('tenure', 'badges', 'raw', 'lapse')
        and barring.kind is null
        and coalesce((defined.route).rolling_days, (defined.route).sequence_size) is null
        and (defined.route).element_unit is null
        and (defined.route).element_at_least is null
    )
),
dated_people as materialized (
    select person.person_no, person.is_new, person.peer_mentor_id
    from merged
    join people as person on person.person_no = (merged.cell >> 20)
    where merged.stat = '*'
    and not $4
    and (person.is_new or merged.first_new_at > person.old_last_at)
    and (merged.cell >> 20) not in (
        select fallen.cell >> 20
        from merged as fallen
        where fallen.has_negative
    )
),
crossed as materialized (
    select
        reached.cell, reached.bucket, (reached.cell >> 20) as person_no, reached.before, met.*,
        row_number() over () as crossing_no,
        (
            datable.badge_definition_id is not null and person.person_no is not null
            and (person.is_new or datable.is_simple and not exists (
                select
                from badges.earned_badges as earned
                where earned.peer_mentor_id = person.peer_mentor_id
                and earned.org_id = met.org_id
                and earned.badge_definition_id = met.badge_definition_id
                and earned.tier = met.tier
                and earned.occurrence = met.occurrence
                offset 0
            ) and not exists (
                select
                from badges.badge_denials as denial
                where denial.peer_mentor_id = person.peer_mentor_id
                and denial.org_id = met.org_id
                and denial.badge_definition_id = met.badge_definition_id
                offset 0
            ))
        ) is true as is_datable
    from reached
    join met
        on met.stat_no = reached.stat_no
        and met.measure = reached.measure
        and met.lowest = reached.lowest
        and met.value = reached.value
    left join datable
        on datable.org_id = met.org_id
        and datable.badge_definition_id = met.badge_definition_id
    left join dated_people as person on person.person_no = (reached.cell >> 20)
),
asked as materialized (
    select distinct cell, stat_no, measure, measure <> 'active_days' as is_looked_through
    from crossed join stats using (stat_no)
    where is_datable
    and (measure in ('sum', 'max', 'active_days') or measure = 'count' and not is_single)
),
$statement$;

comment on function badges_internal._fold_crossings() is
'Gives the part of the fold''s statement that tells which milestones its rows have reached.';
