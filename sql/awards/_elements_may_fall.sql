-- Tells whether the elements of a stat are sums that fell for one of the people.
--
-- p_states: conditions of one organization and stat. Of a stat that the snapshot does not have yet,
-- as a plan asks, nothing is known: they may.
create or replace function badges_internal._elements_may_fall(
    p_states badges_internal.condition_state[]
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        (badges_internal._stat_definition(p_states[1].org_id, p_states[1].stat)).route
            .element_measure = 'sum',
        false
    ) and exists (
        select
        from unnest(p_states) as state
        where coalesce((
            select bool_or(held.has_negative)
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = state.peer_mentor_id
            and held.org_id = state.org_id
            and held.stat = state.stat
        ), true)
    );
end;
$$;

comment on function badges_internal._elements_may_fall(badges_internal.condition_state[]) is
'Tells whether the elements of a stat are sums that fell for one of the people.';
