-- Tells when every condition on a count or on active days began to hold.
--
-- Neither falls: so many are reached by the activity, or the day, of that place in the order of
-- occurred_at.
create or replace function badges_internal._verify_count_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- What no rule asks for is not planned.
    if exists (
        select from unnest(p_scope.stats) as stat where stat.measures && array['count']
    ) then
        return query
        with conditions as materialized (
            select condition.*, greatest(ceil(condition.threshold), 1)::bigint as place
            from badges_internal._verify_conditions(p_scope) as condition
            where condition.measure = 'count'
        ), counted as (
            select
                choice.peer_mentor_id, choice.number, array_agg(choice.occurred_at) as moments
            from badges_internal._verify_choices(p_scope, array['count']) as choice
            group by choice.peer_mentor_id, choice.number, choice.window_date, choice.per_value
        )
        select
            counted.peer_mentor_id,
            condition.org_id,
            condition.badge_definition_id,
            condition.tier,
            condition.occurrence,
            condition.condition_node,
            ordered.moments[condition.place],
            1
        from counted
        inner join (
            select each.number, min(each.place) as first_place
            from conditions as each
            group by each.number
        ) as watched
            on watched.number = counted.number
            and watched.first_place <= cardinality(counted.moments)
        -- Part by part: sorting all activities by their parts takes longer.
        cross join lateral (
            select array_agg(moment.at order by moment.at) as moments
            from unnest(counted.moments) as moment (at)
        ) as ordered
        inner join conditions as condition
            on condition.number = counted.number
            and condition.place <= cardinality(counted.moments);
    end if;
    if exists (
        select from unnest(p_scope.stats) as stat where stat.measures && array['active_days']
    ) then
        return query
        select
            counted.peer_mentor_id,
            condition.org_id,
            condition.badge_definition_id,
            condition.tier,
            condition.occurrence,
            condition.condition_node,
            counted.moments[place.number],
            1
        from (
            select
                day.peer_mentor_id,
                day.number,
                array_agg(day.occurred_at order by day.occurred_at) as moments
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
        inner join badges_internal._verify_conditions(p_scope) as condition using (number)
        cross join lateral (
            select greatest(ceil(condition.threshold), 1)::bigint as number
        ) as place
        where condition.measure = 'active_days'
        and place.number <= cardinality(counted.moments);
    end if;
end;
$$;

comment on function badges_internal._verify_count_crossings(badges_internal.verified_scope) is
'Tells when every condition on a count or on active days began to hold.';
