-- Decides which badges hold for the given people, and since when.
--
-- p_is_held false: tiers and occurrences nobody has awarded, revoked or denied; true: those held,
-- to date them anew. p_until: docs of _date_conditions. Reads only; the caller holds the base rows.
create or replace function badges_internal._evaluate_badges(
    p_candidates badges_internal.candidate[],
    p_is_held boolean,
    p_until date default null
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_states badges_internal.condition_state[];
    v_dated badges_internal.condition_state[];
begin
    v_states := badges_internal._met_conditions(p_candidates, p_is_held);
    if v_states is null then
        return null;
    end if;
    -- Conditions dated already: by the candidate's own moment, or by other badges.
    select array_agg(state)
    into v_dated
    from unnest(v_states) as state
    where state.came_true_at is not null;
    if cardinality(v_dated) is distinct from cardinality(v_states) then
        -- Of a group too few parts of which are met, no part needs a date.
        v_dated := coalesce(v_dated, '{}') || badges_internal._date_conditions(array(
            select met.state
            from (
                select
                    state,
                    count(*) over (
                        partition by state.peer_mentor_id, state.org_id,
                            state.badge_definition_id, state.parent
                    ) as met_count
                from unnest(v_states) as state
            ) as met
            left join badges_internal.condition_groups as whole
                on whole.org_id = (met.state).org_id
                and whole.badge_definition_id = (met.state).badge_definition_id
                and whole.node = (met.state).parent
            where (met.state).came_true_at is null
            and (whole.node is null or whole.required <= met.met_count + (
                select count(*)
                from badges_internal.condition_groups as inner_group
                where inner_group.org_id = whole.org_id
                and inner_group.badge_definition_id = whole.badge_definition_id
                and inner_group.parent = whole.node
            ))
        ), p_until);
    end if;

    return badges_internal._decide_badges(v_dated);
end;
$$;

comment on function badges_internal._evaluate_badges(badges_internal.candidate[], boolean, date) is
'Decides which badges hold for the given people, and since when.';
