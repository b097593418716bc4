-- Recomputes the snapshot of one person, or of everybody, from the activities.
--
-- Awards nothing: evaluate_badges or verify --repair does. But who waits for a backfill waits no
-- more, and is given what it would give. Gives the number of (person, organization) pairs rebuilt.
--
-- Locks:  base rows in key order.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, and of those who waited
--         badges.activities (days), badges.earned_badges, badges.award_events.
create or replace function badges.rebuild_stats(p_peer_mentor_id uuid default null)
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
    v_waiting_people uuid[];
    v_waiting_orgs text[];
    v_candidates badges_internal.candidate[];
    v_count bigint := 0;
begin
    -- Rows of people without any activity first; the loop does not come to them.
    delete from badges_internal.stat_elements as element
    where (p_peer_mentor_id is null or element.peer_mentor_id = p_peer_mentor_id)
    and not exists (
        select
        from badges.activities as activity
        where activity.peer_mentor_id = element.peer_mentor_id
        and activity.org_id = element.org_id
    );
    delete from badges.peer_mentor_stats as held
    where (p_peer_mentor_id is null or held.peer_mentor_id = p_peer_mentor_id)
    and not exists (
        select
        from badges.activities as activity
        where activity.peer_mentor_id = held.peer_mentor_id
        and activity.org_id = held.org_id
    );
    for v_people, v_orgs in
        select array_agg(chunk.peer_mentor_id), array_agg(chunk.org_id)
        from (
            select
                person.peer_mentor_id, person.org_id,
                (row_number() over (order by person.peer_mentor_id, person.org_id) - 1) / 2000
                    as number
            from (
                select distinct activity.peer_mentor_id, activity.org_id
                from badges.activities as activity
                where p_peer_mentor_id is null
                or activity.peer_mentor_id = p_peer_mentor_id
            ) as person
        ) as chunk
        group by chunk.number
        order by chunk.number
    loop
        perform badges_internal._lock_people(v_people, v_orgs);
        select stale.peer_mentor_ids, stale.org_ids
        into v_waiting_people, v_waiting_orgs
        from badges_internal._stale_people(v_people, v_orgs) as stale;
        v_candidates := badges_internal._bring_up_to_date(v_people, v_orgs, false);
        if v_waiting_people is not null then
            perform badges_internal._evaluate_people(
                v_waiting_people, v_waiting_orgs,
                array(
                    select candidate
                    from unnest(v_waiting_people, v_waiting_orgs)
                        as waiting (peer_mentor_id, org_id)
                    join unnest(v_candidates) as candidate
                        on candidate.peer_mentor_id = waiting.peer_mentor_id
                        and candidate.org_id = waiting.org_id
                ),
                null, v_waiting_people, v_waiting_orgs, 'backfill'
            );
        end if;
        v_count := v_count + cardinality(v_people);
    end loop;
    return v_count;
end;
$$;

comment on function badges.rebuild_stats(uuid) is
'Recomputes the snapshot of one person, or of everybody, from the activities.';
