-- Recomputes the stats that deleted or changed activities counted in, for the people they touch.
--
-- A row that changed nothing the stats look at is passed over. Deletes lock the rows that exist and
-- create none. Badges that became true are awarded, revoke badges that
-- became false taken back.
--
-- Locks:  base rows in key order.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.earned_badges,
--         badges.award_events.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._recount_activities(
    p_people uuid[],
    p_orgs text[],
    p_kinds badges_internal.activity_kind[],
    p_new_people uuid[],
    p_new_orgs text[],
    p_late badges_internal.late_person[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stats text[];
    v_stale_people uuid[];
    v_stale_orgs text[];
    v_candidates badges_internal.candidate[];
begin
    -- Days being rewritten for another time zone, people being erased or merged: all of it is
    -- rebuilt or dropped in the same transaction.
    if exists (
        select
        from unnest(p_people, p_orgs) as person (peer_mentor_id, org_id)
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = person.peer_mentor_id
            and held.org_id = person.org_id
            and held.stat = '*'
            and held.bucket = ''
            and held.rule_set_version = -1
    ) then
        return;
    end if;
    perform
    from unnest(p_people, p_orgs) as person (peer_mentor_id, org_id)
    join badges.peer_mentor_stats as held
        on held.peer_mentor_id = person.peer_mentor_id
        and held.org_id = person.org_id
        and held.stat = '*'
        and held.bucket = ''
    order by held.peer_mentor_id, held.org_id
    for update of held;
    if p_new_people is not null then
        perform badges_internal._lock_people(p_new_people, p_new_orgs);
    end if;

    select stale.peer_mentor_ids, stale.org_ids
    into v_stale_people, v_stale_orgs
    from badges_internal._stale_people(p_people, p_orgs) as stale;
    if v_stale_people is not null then
        v_candidates := badges_internal._bring_up_to_date(v_stale_people, v_stale_orgs, false);
    end if;

    -- The base stats of each kind, and what it is routed to, rolling windows too.
    v_stats := array(
        select '*'
        union
        select '=' || kind.activity_type
        from unnest(p_kinds) as kind
        union
        select route.stat
        from unnest(p_kinds) as kind
        join badges_internal.activity_routes as served
            on served.org_id = kind.org_id
            and served.activity_type in (kind.activity_type, '')
        cross join lateral unnest(served.routes) as route
    );
    v_candidates := v_candidates
        || badges_internal._rebuild_people(p_people, p_orgs, v_stats);
    perform badges_internal._evaluate_people(
        p_people, p_orgs, v_candidates, p_late, p_people, p_orgs, 'rule'
    );
end;
$$;

comment on function badges_internal._recount_activities(
    uuid[], text[], badges_internal.activity_kind[], uuid[], text[], badges_internal.late_person[]
) is
'Recomputes the stats that deleted or changed activities counted in, for the people they touch.';
