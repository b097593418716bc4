-- Decides which badges hold for the given people, and since when.
--
-- p_is_held false: tiers and occurrences nobody has awarded, revoked or denied; true: those held,
-- to date them anew. Composed badges are decided from the leaves up: a group holds since the
-- moment the last part it needs came true. Reads only; the caller holds the base rows.
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
    v_awards badges_internal.dated_award[];
    v_depth integer;
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

    select max(grouped.depth)
    into v_depth
    from badges_internal.condition_groups as grouped
    where (grouped.org_id, grouped.badge_definition_id) in (
        select dated.org_id, dated.badge_definition_id
        from unnest(v_dated) as dated
        where dated.parent is not null
    );
    while v_depth >= 0 loop
        v_dated := v_dated || badges_internal._decide_groups(v_dated, v_depth);
        v_depth := v_depth - 1;
    end loop;

    select array_agg(row(
        dated.peer_mentor_id, dated.org_id, dated.badge_definition_id, dated.tier,
        dated.occurrence, dated.came_true_at, dated.activity_id, dated.threshold,
        dated.threshold_source
    )::badges_internal.dated_award)
    into v_awards
    from unnest(v_dated) as dated
    where dated.parent is null;
    return v_awards;
end;
$$;

comment on function badges_internal._evaluate_badges(badges_internal.candidate[], boolean) is
'Decides which badges hold for the given people, and since when.';
