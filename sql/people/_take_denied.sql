-- Takes back what a person holds and is denied, as deny_badge does, each with its event.
--
-- The caller holds the base rows; the stats are those of the present activities.
--
-- Writes: badges.earned_badges, badges.award_events, the server's log.
create or replace function badges_internal._take_denied(p_peer_mentor_id uuid, p_org_ids text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_denial badges.badge_denials;
begin
    for v_denial in
        select denial.*
        from badges.badge_denials as denial
        where denial.peer_mentor_id = p_peer_mentor_id
        and denial.org_id = any(p_org_ids)
        order by denial.badge_definition_id, denial.org_id, denial.tier
    loop
        perform badges_internal._tell_by_hand(
            badges_internal._revoke_by_hand(
                p_peer_mentor_id, v_denial.badge_definition_id, v_denial.org_id,
                nullif(v_denial.tier, ''), null, v_denial.reason
            ),
            'revoked', v_denial.reason
        );
    end loop;
end;
$$;

comment on function badges_internal._take_denied(uuid, text[]) is
'Takes back what a person holds and is denied, as deny_badge does, each with its event.';
