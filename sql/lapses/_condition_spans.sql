-- Tells when a condition of a badge that lapses held for people, and will; no row = never.
create or replace function badges_internal._condition_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones,
    p_from timestamptz default null
)
returns table (peer_mentor_id uuid, held_during tstzmultirange)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_milestone.lapse_measure = 'badges' then
        return query
        select * from badges_internal._badge_spans(p_peer_mentor_ids, p_milestone);
    elsif p_milestone.last_days is not null then
        return query
        select * from badges_internal._window_spans(p_peer_mentor_ids, p_milestone, p_from);
    elsif p_milestone.lapse_measure like '%\_run' then
        return query
        select * from badges_internal._run_spans(p_peer_mentor_ids, p_milestone, p_from);
    elsif p_milestone.lapse_measure = 'max' and (
        badges_internal._stat_definition(p_milestone.org_id, p_milestone.stat)
    ).route.sequence is not null then
        return query
        select * from badges_internal._sequence_spans(p_peer_mentor_ids, p_milestone);
    else
        return query
        select * from badges_internal._lasting_spans(p_peer_mentor_ids, p_milestone);
    end if;
end;
$$;

comment on function badges_internal._condition_spans(
    uuid[], badges_internal.milestones, timestamptz
) is
'Tells when a condition of a badge that lapses held for people, and will; no row = never.';
