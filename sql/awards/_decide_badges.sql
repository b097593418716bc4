-- Gives the awards that dated conditions make: each for itself, or together as a composed badge.
create or replace function badges_internal._decide_badges(
    p_dated badges_internal.condition_state[]
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_parts constant badges_internal.condition_state[] := array(
        select part
        from unnest(p_dated) as part
        where part.parent is not null
    );
begin
    return (
        select array_agg(row(
            dated.peer_mentor_id, dated.org_id, dated.badge_definition_id, dated.tier,
            dated.occurrence, dated.came_true_at, dated.activity_id, dated.threshold,
            dated.threshold_source
        )::badges_internal.dated_award)
        from (
            select alone.*
            from unnest(p_dated) as alone
            where alone.parent is null
            union all
            select whole.*
            from unnest(badges_internal._decide_groups(v_parts, array(
                select grouped
                from badges_internal.condition_groups as grouped
                where (grouped.org_id, grouped.badge_definition_id) in (
                    select part.org_id, part.badge_definition_id
                    from unnest(v_parts) as part
                )
            ))) as whole
            where whole.parent is null
        ) as dated
    );
end;
$$;

comment on function badges_internal._decide_badges(badges_internal.condition_state[]) is
'Gives the awards that dated conditions make: each for itself, or together as a composed badge.';
