-- Tells when every condition on a present run or share began to hold, and when it ceased to.
create or replace function badges_internal._verify_live_sequence_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select
        from badges_internal._verify_conditions(p_scope) as condition
        where condition.measure = 'live_sequence'
    ) then
        return;
    end if;
    return query
    with instants as (
        select choice.peer_mentor_id, choice.number, choice.occurred_at, max(choice.value) as value
        from badges_internal._verify_sequence_choices(p_scope) as choice
        group by choice.peer_mentor_id, choice.number, choice.occurred_at
    ), states as (
        select
            instant.peer_mentor_id,
            instant.occurred_at,
            condition.*,
            coalesce(instant.value >= condition.threshold, false) as holds,
            coalesce(lag(instant.value) over (
                partition by
                    instant.peer_mentor_id, condition.org_id, condition.badge_definition_id,
                    condition.tier, condition.occurrence, condition.condition_node
                order by instant.occurred_at
            ) >= condition.threshold, false) as held
        from instants as instant
        inner join badges_internal._verify_conditions(p_scope) as condition
            on condition.measure = 'live_sequence'
            and condition.number = instant.number
    )
    select
        state.peer_mentor_id,
        state.org_id,
        state.badge_definition_id,
        state.tier,
        state.occurrence,
        state.condition_node,
        state.occurred_at,
        case when state.holds then 1 else -1 end
    from states as state
    where state.holds <> state.held;
end;
$$;

comment on function badges_internal._verify_live_sequence_crossings(
    badges_internal.verified_scope
) is
'Tells when every condition on a present run or share began to hold, and when it ceased to.';
