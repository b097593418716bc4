-- Tells who has a badge on a local day, if its conditions are those given: dates and decides them.
create or replace function badges_internal._calibrate_holders(
    p_states badges_internal.condition_state[],
    p_groups badges_internal.condition_groups[],
    p_until date
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select distinct award.peer_mentor_id
        from unnest((
            badges_internal._plan_awards(badges_internal._date_conditions(p_states), p_groups)
        ).awards) as award
        where badges_internal._local_day(award.org_id, award.earned_at) <= p_until
    );
end;
$$;

comment on function badges_internal._calibrate_holders(
    badges_internal.condition_state[], badges_internal.condition_groups[], date
) is
'Tells who has a badge on a local day, if its conditions are those given: dates and decides them.';
