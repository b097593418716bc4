-- Recomputes the stats that deleted or changed activities counted in, for the people they touch.
--
-- A row that changed nothing the stats look at is passed over. Deletes lock the rows that exist and
-- create none. Badges that became true are awarded, revoke badges that
-- became false taken back.
--
-- p_gone: the few deleted activities, which are then taken out one by one; null = the people are
-- rebuilt. So are those of whom this transaction has counted something else by looking at the
-- table: it may have looked when these were gone already.
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
    p_late badges_internal.late_person[],
    p_gone badges_internal.gone_activity[]
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
    v_person record;
    v_is_done boolean;
    v_risen badges_internal.candidate[];
    v_people uuid[] := p_people; -- to be rebuilt
    v_orgs text[] := p_orgs;
begin
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
    from badges_internal._stale_people(p_people, p_orgs, false) as stale;
    if v_stale_people is not null then
        v_candidates := badges_internal._bring_up_to_date(v_stale_people, v_stale_orgs, false);
    end if;

    if p_gone is not null and v_stale_people is null then
        v_people := '{}';
        v_orgs := '{}';
        for v_person in
            select
                gone.peer_mentor_id, gone.org_id, array_agg(gone) as activities,
                bool_and(held.counted_in is distinct from pg_current_xact_id()) as is_sure
            from unnest(p_gone) as gone
            left join badges.peer_mentor_stats as held
                on held.peer_mentor_id = gone.peer_mentor_id
                and held.org_id = gone.org_id
                and held.stat = '*'
                and held.bucket = ''
            group by gone.peer_mentor_id, gone.org_id
        loop
            v_is_done := false;
            if v_person.is_sure then
                select taken.is_done, taken.candidates
                into v_is_done, v_risen
                from badges_internal._uncount_activities(
                    v_person.peer_mentor_id, v_person.org_id, v_person.activities, null
                ) as taken;
                v_candidates := v_candidates || v_risen;
            end if;
            if v_is_done is not true then
                v_people := v_people || v_person.peer_mentor_id;
                v_orgs := v_orgs || v_person.org_id;
            end if;
        end loop;
    end if;
    -- '*' is among them, so that every base row is written.
    if v_people <> '{}' then
        select array_agg(distinct wanted.stat)
        into v_stats
        from badges_internal._wanted_stats(p_kinds, null) as wanted;
        v_candidates := v_candidates
            || badges_internal._rebuild_people(v_people, v_orgs, v_stats);
    end if;
    perform badges_internal._evaluate_people(
        p_people, p_orgs, v_candidates, p_late, p_people, p_orgs, 'rule'
    );
end;
$$;

comment on function badges_internal._recount_activities(
    uuid[], text[], badges_internal.activity_kind[], uuid[], text[],
    badges_internal.late_person[], badges_internal.gone_activity[]
) is
'Recomputes the stats that deleted or changed activities counted in, for the people they touch.';
