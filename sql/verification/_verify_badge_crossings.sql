-- Tells when every condition that counts other badges began to hold.
--
-- What counts is held now, whoever gave it, since its earliest award. Badges not listed by name
-- count unless their own criteria count badges.
create or replace function badges_internal._verify_badge_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language sql
stable
parallel safe
begin atomic
    with recursive parts as (
        select definition.badge_definition_id, definition.criteria
        from badges.badge_definitions as definition
        union all
        select part.badge_definition_id, inner_part.value
        from parts as part
        cross join lateral jsonb_array_elements(part.criteria -> 'criteria') as inner_part
    ), counting_badges as (
        select distinct part.badge_definition_id
        from parts as part
        where part.criteria ->> 'type' = 'badges_earned'
    ), held_badges as materialized (
        select
            award.peer_mentor_id,
            award.org_id,
            award.badge_definition_id,
            definition.category,
            counting.badge_definition_id is not null as is_counting,
            min(award.earned_at) as earned_at
        from badges.earned_badges as award
        inner join badges.badge_definitions as definition using (badge_definition_id)
        left join counting_badges as counting using (badge_definition_id)
        where badges_internal._verify_is_looked_at(p_scope, award.peer_mentor_id)
        and award.revoked_at is null
        group by
            award.peer_mentor_id,
            award.org_id,
            award.badge_definition_id,
            definition.category,
            counting.badge_definition_id
    )
    select
        counted.peer_mentor_id,
        counted.org_id,
        counted.badge_definition_id,
        counted.tier,
        counted.occurrence,
        counted.condition_node,
        counted.earned_at,
        1
    from (
        select
            held.peer_mentor_id,
            held.earned_at,
            condition.*,
            row_number() over (
                partition by
                    held.peer_mentor_id,
                    held.org_id,
                    condition.badge_definition_id,
                    condition.tier,
                    condition.occurrence,
                    condition.condition_node
                order by held.earned_at
            ) as held_count
        from badges_internal._verify_conditions(p_scope) as condition
        inner join held_badges as held using (org_id)
        where condition.measure = 'badges'
        and held.badge_definition_id <> condition.badge_definition_id
        and case
            when condition.badge_ids is not null
                then held.badge_definition_id = any(condition.badge_ids)
            when held.is_counting then false
            when condition.badge_category is not null
                then coalesce(held.category = condition.badge_category, false)
            else true
        end
    ) as counted
    where counted.held_count = ceil(counted.threshold);
end;

comment on function badges_internal._verify_badge_crossings(badges_internal.verified_scope) is
'Tells when every condition that counts other badges began to hold.';
