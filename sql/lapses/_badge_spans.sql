-- Tells when people held enough of the badges that a condition counts.
--
-- A badge that lapses by its rule was held at the times that its own rule tells. Any other counts
-- if it is held, since then: what was taken back is not counted for the past either.
create or replace function badges_internal._badge_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones
)
returns table (peer_mentor_id uuid, held_during tstzmultirange)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lapsing text[] := array(
        select distinct milestone.badge_definition_id
        from badges_internal.milestones as milestone
        cross join lateral badges_internal._as_counted(
            milestone.badge_definition_id, p_milestone.badge_ids, p_milestone.badge_category
        ) as counted
        where milestone.org_id = p_milestone.org_id
        and milestone.measure = 'lapse'
        and milestone.badge_definition_id <> p_milestone.badge_definition_id
    );
begin
    return query
    with standing as materialized (
        select earned.*
        from badges.earned_badges as earned
        where earned.peer_mentor_id = any(p_peer_mentor_ids)
        and earned.org_id = p_milestone.org_id
        and earned.badge_definition_id <> p_milestone.badge_definition_id
        and (
            earned.badge_definition_id <> all (v_lapsing)
            or earned.source not in ('rule', 'backfill', 'sweep')
            or earned.revoked_by = 'person'
        )
    ),
    held as (
        select
            standing.peer_mentor_id, standing.badge_definition_id,
            tstzmultirange(tstzrange(standing.earned_at, null)) as held_during
        from standing
        cross join lateral badges_internal._as_counted(
            standing.badge_definition_id, p_milestone.badge_ids, p_milestone.badge_category
        ) as counted
        where standing.revoked_at is null
        union all
        select state.peer_mentor_id, state.badge_definition_id, state.held_during
        from badges_internal._lapse_rules(p_milestone.org_id, v_lapsing) as ruled
        cross join lateral unnest(badges_internal._lapse_spans(
            p_peer_mentor_ids, ruled.milestones, ruled.groups
        )) as state
        where v_lapsing <> '{}'
        and not exists (
            select
            from standing
            where standing.peer_mentor_id = state.peer_mentor_id
            and standing.badge_definition_id = state.badge_definition_id
            and standing.tier = state.tier
        )
        and not exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = state.peer_mentor_id
            and denial.badge_definition_id = state.badge_definition_id
            and denial.org_id = p_milestone.org_id
            and denial.tier in ('', state.tier)
        )
    ),
    badges as (
        select
            held.peer_mentor_id, held.badge_definition_id, range_agg(held.held_during) as during
        from held
        group by held.peer_mentor_id, held.badge_definition_id
    )
    select
        badges.peer_mentor_id,
        badges_internal._held_together(
            array_agg(badges.during), ceil(p_milestone.threshold)::integer
        )
    from badges
    group by badges.peer_mentor_id;
end;
$$;

comment on function badges_internal._badge_spans(uuid[], badges_internal.milestones) is
'Tells when people held enough of the badges that a condition counts.';
