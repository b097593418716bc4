-- Tells of awards that the unique key refused: event conflict and alert duplicate_stopped.
--
-- Delivered whatever the source.
--
-- Writes: badges.award_events, the server's log.
create or replace function badges_internal._tell_conflicts(
    p_awards badges_internal.dated_award[],
    p_written badges_internal.dated_award[],
    p_source text,
    p_moment timestamptz
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stopped text[];
begin
    with told as (
        insert into badges.award_events (
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
            is_delivered_by_default, transaction_id, created_at, details
        )
        select
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.tier,
            award.occurrence, 'conflict', p_source, true, pg_current_xact_id(), p_moment,
            jsonb_build_object('earned_at', award.earned_at)
        from unnest(p_awards) as award
        left join unnest(p_written) as written
            on written.peer_mentor_id = award.peer_mentor_id
            and written.org_id = award.org_id
            and written.badge_definition_id = award.badge_definition_id
            and written.tier = award.tier
            and written.occurrence = award.occurrence
        where written.peer_mentor_id is null
        order by award.peer_mentor_id, award.earned_at, award.badge_definition_id
        returning peer_mentor_id, org_id, badge_definition_id
    )
    select array_agg(format('%s %s in %s', peer_mentor_id, badge_definition_id, org_id))
    into v_stopped
    from told;
    perform badges_internal._log_alert('duplicate_stopped', stopped.award)
    from unnest(v_stopped) as stopped (award);
end;
$$;

comment on function badges_internal._tell_conflicts(
    badges_internal.dated_award[], badges_internal.dated_award[], text, timestamptz
) is
'Tells of awards that the unique key refused: event conflict and alert duplicate_stopped.';
