-- Gives the awards that dated conditions make: each for itself, or together as a composed badge.
--
-- Composed badges are decided from the leaves up: a group holds since the moment the last part it
-- needs came true.
create or replace function badges_internal._decide_badges(
    p_dated badges_internal.condition_state[]
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_dated badges_internal.condition_state[] := p_dated;
    v_awards badges_internal.dated_award[];
    v_depth integer;
begin
    select max(grouped.depth)
    into v_depth
    from badges_internal.condition_groups as grouped
    where (grouped.org_id, grouped.badge_definition_id) in (
        select dated.org_id, dated.badge_definition_id
        from unnest(p_dated) as dated
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

comment on function badges_internal._decide_badges(badges_internal.condition_state[]) is
'Gives the awards that dated conditions make: each for itself, or together as a composed badge.';
