-- Tells when a condition that only a value that falls can end was met by people's activities.
create or replace function badges_internal._lasting_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones
)
returns table (peer_mentor_id uuid, held_during tstzmultirange)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select
        dated.peer_mentor_id,
        coalesce(dated.held_during, tstzmultirange(tstzrange(dated.came_true_at, null)))
    from unnest(badges_internal._date_conditions(array(
        select row(
            person.peer_mentor_id, p_milestone.org_id, p_milestone.badge_definition_id,
            p_milestone.tier, p_milestone.occurrence, p_milestone.node,
            -- As a part it is told with all times at which it held.
            coalesce(p_milestone.parent, 0),
            p_milestone.stat, p_milestone.lapse_measure, p_milestone.threshold,
            p_milestone.threshold_source, null, null, null
        )::badges_internal.condition_state
        from unnest(p_peer_mentor_ids) as person (peer_mentor_id)
    ))) as dated;
end;
$$;

comment on function badges_internal._lasting_spans(uuid[], badges_internal.milestones) is
'Tells when a condition that only a value that falls can end was met by people''s activities.';
