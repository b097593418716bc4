-- Does what only time does by a moment: awards due tenures, and ends or begins what lapses.
--
-- For a scheduler: docs/operations.md. Running it late, twice or after a gap gives the same awards
-- with the same moments. p_as_of acts like an empty activity of everybody who waits. Gives the
-- number of awards; their source is sweep.
--
-- Locks:  base rows in key order.
-- Writes: badges_internal.due_people, badges.earned_badges, badges.award_events.
-- Raises: 22023 for a moment over a day ahead.
create or replace function badges.award_due_badges(p_as_of timestamptz default now())
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_stale_people uuid[];
    v_stale_orgs text[];
    v_candidates badges_internal.candidate[];
    v_awarded bigint := 0;
begin
    perform badges_internal._require_passed(p_as_of);
    perform badges_internal._hold_rules();
    loop
        select array_agg(due.peer_mentor_id), array_agg(due.org_id)
        into v_people, v_orgs
        from (
            select waiting.peer_mentor_id, waiting.org_id
            from badges_internal.due_people as waiting
            where waiting.next_due_at <= p_as_of
            order by waiting.peer_mentor_id, waiting.org_id
            limit 1000
        ) as due;
        exit when v_people is null;
        perform badges_internal._lock_people(v_people, v_orgs);
        -- Whom this meets first after an apply has to be settled by the new version, too.
        select stale.peer_mentor_ids, stale.org_ids
        into v_stale_people, v_stale_orgs
        from badges_internal._stale_people(v_people, v_orgs) as stale;
        v_candidates := badges_internal._bring_up_to_date(v_people, v_orgs, true);
        v_awarded := v_awarded + badges_internal._evaluate_people(
            v_people, v_orgs, v_candidates, null, v_stale_people, v_stale_orgs, 'sweep', p_as_of,
            p_since => case when v_stale_people is null then p_as_of else '-infinity' end
        );
        -- Who was erased while this waited is not begun anew.
        perform badges_internal._forget_strangers(v_people, v_orgs);
    end loop;
    return v_awarded;
end;
$$;

comment on function badges.award_due_badges(timestamptz) is
'Does what only time does by a moment: awards due tenures, and ends or begins what lapses.';
