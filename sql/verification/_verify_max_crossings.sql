-- Tells when every condition on a maximum began to hold.
--
-- None falls: it is reached by the first value that is high enough. Of a run or a share the best
-- counts.
create or replace function badges_internal._verify_max_crossings(
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
        select from unnest(p_scope.stats) as stat where stat.measures && array['max']
    ) then
        return;
    end if;
    return query
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
        select *
        from badges_internal._verify_sequence_choices(p_scope)
    ) as choice
    inner join badges_internal._verify_conditions(p_scope) as condition using (number)
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
$$;

comment on function badges_internal._verify_max_crossings(badges_internal.verified_scope) is
'Tells when every condition on a maximum began to hold.';
