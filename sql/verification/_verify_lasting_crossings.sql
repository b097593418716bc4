-- Tells when every condition on a count, on active days or on a maximum began to hold.
--
-- None of them falls: so many are reached by the activity, or the day, of that place in the order
-- of occurred_at, a maximum by the first that is high enough.
create or replace function badges_internal._verify_lasting_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language sql
stable
parallel safe
begin atomic
    with conditions as materialized (
        select condition.*, greatest(ceil(condition.threshold), 1)::bigint as place
        from badges_internal._verify_conditions(p_scope) as condition
        where condition.measure in ('count', 'active_days', 'max')
    )
    select
        counted.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        counted.moments[condition.place],
        1
    from (
        select
            choice.peer_mentor_id,
            choice.number,
            'count' as measure,
            array_agg(choice.occurred_at order by choice.occurred_at) as moments
        from badges_internal._verify_choices(p_scope, array['count']) as choice
        group by choice.peer_mentor_id, choice.number, choice.window_date, choice.per_value
        union all
        select
            day.peer_mentor_id,
            day.number,
            'active_days',
            array_agg(day.occurred_at order by day.occurred_at)
        from (
            select
                choice.peer_mentor_id,
                choice.number,
                choice.window_date,
                choice.per_value,
                min(choice.occurred_at) as occurred_at
            from badges_internal._verify_choices(p_scope, array['active_days']) as choice
            group by 1, 2, 3, 4, choice.activity_date
        ) as day
        group by day.peer_mentor_id, day.number, day.window_date, day.per_value
    ) as counted
    inner join conditions as condition using (number, measure)
    where condition.place <= cardinality(counted.moments)
    union all
    select
        choice.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        min(choice.occurred_at),
        1
    from (
        select *
        from badges_internal._verify_choices(p_scope, array['max'])
        union all
        -- Of a run or a share the best counts.
        select *
        from badges_internal._verify_sequence_choices(p_scope)
    ) as choice
    inner join conditions as condition using (number)
    where condition.measure = 'max'
    and choice.value >= condition.threshold
    group by
        choice.peer_mentor_id,
        choice.window_date,
        choice.per_value,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node;
end;

comment on function badges_internal._verify_lasting_crossings(badges_internal.verified_scope) is
'Tells when every condition on a count, on active days or on a maximum began to hold.';
