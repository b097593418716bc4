-- Tells whether the elements of a stat are sums that fell for one of the people.
--
-- p_states: conditions of one organization and stat.
create or replace function badges_internal._elements_may_fall(
    p_states badges_internal.condition_state[]
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from badges_internal.stat_definitions as defined
        cross join unnest(p_states) as state
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = state.peer_mentor_id
            and held.org_id = state.org_id
            and held.stat = state.stat
            and held.has_negative
        where defined.org_id = p_states[1].org_id
        and defined.stat = p_states[1].stat
        and (defined.route).element_measure = 'sum'
    );
end;
$$;

comment on function badges_internal._elements_may_fall(badges_internal.condition_state[]) is
'Tells whether the elements of a stat are sums that fell for one of the people.';
