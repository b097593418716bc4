-- Decides which badges hold for the given people, and since when.
--
-- p_is_held false: tiers and occurrences nobody has awarded, revoked or denied; true: those held,
-- to date them anew. Reads only; the caller holds the base rows.
create or replace function badges_internal._evaluate_badges(
    p_candidates badges_internal.candidate[],
    p_is_held boolean
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
        v_dated := coalesce(v_dated, '{}') || badges_internal._date_conditions(array(
            select state from unnest(v_states) as state where state.came_true_at is null
        ));
    end if;

    return badges_internal._decide_badges(v_dated);
end;
$$;

comment on function badges_internal._evaluate_badges(badges_internal.candidate[], boolean) is
'Decides which badges hold for the given people, and since when.';
