-- Tells changes made by hand, then lets badges that count badges follow.
--
-- Those that are kept are awarded if they hold now, those of on_unmet: revoke settled both ways.
-- p_changed: the rows that changed, all of one person in one organization; null = none. The caller
-- holds the base row.
--
-- Writes: badges.award_events, badges.earned_badges, the server's log.
create or replace function badges_internal._tell_by_hand(
    p_changed badges.earned_badges[],
    p_event text,
    p_reason text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_people constant uuid[] := array[p_changed[1].peer_mentor_id];
    v_orgs constant text[] := array[p_changed[1].org_id];
    v_line text;
begin
    insert into badges.award_events (
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
        is_delivered_by_default, transaction_id, created_at, details
    )
    select
        changed.peer_mentor_id, changed.org_id, changed.badge_definition_id, changed.tier,
        changed.occurrence, p_event, 'manual', true, pg_current_xact_id(), clock_timestamp(),
        jsonb_build_object(
            'earned_at', changed.earned_at, 'reason', p_reason, 'by', session_user
        )
    from unnest(p_changed) as changed
    order by changed.tier, changed.occurrence;
    for v_line in
        select format(
            'badge %s by hand: %s to %s in %s (transaction %s)', p_event,
            changed.badge_definition_id, changed.peer_mentor_id, changed.org_id,
            pg_current_xact_id()
        )
        from unnest(p_changed) as changed
    loop
        raise log '%', v_line;
    end loop;
    if p_changed is not null then
        perform badges_internal._evaluate_people(
            v_people, v_orgs,
            badges_internal._counting_badges(array(
                select row(
                    changed.peer_mentor_id, changed.org_id, changed.badge_definition_id, null, null
                )::badges_internal.candidate
                from unnest(p_changed) as changed
            )),
            null, v_people, v_orgs, 'rule'
        );
    end if;
end;
$$;

comment on function badges_internal._tell_by_hand(badges.earned_badges[], text, text) is
'Tells changes made by hand, then lets badges that count badges follow.';
