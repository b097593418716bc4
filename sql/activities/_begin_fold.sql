-- Locks the people that a statement of many rows brings activities of, and rebuilds the stale ones.
--
-- p_counts, p_activity_ids: as in _touched_people. Gives whom to fold: who was stale is counted
-- already, with these activities.
--
-- Locks:  base rows in key order.
-- Writes: as _lock_people and _bring_up_to_date.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._begin_fold(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_counts bigint[],
    p_activity_ids bigint[]
)
returns badges_internal.begun_fold
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_begun badges_internal.begun_fold;
    v_touched_people uuid[];
    v_touched_orgs text[];
begin
    -- Asked before the base rows are written anew, just below.
    select touched.peer_mentor_ids, touched.org_ids
    into v_touched_people, v_touched_orgs
    from badges_internal._touched_people(
        p_peer_mentor_ids, p_org_ids, p_counts, p_activity_ids
    ) as touched;
    perform badges_internal._lock_people(p_peer_mentor_ids, p_org_ids);
    select v_touched_people || stale.peer_mentor_ids, v_touched_orgs || stale.org_ids
    into v_begun.stale_people, v_begun.stale_orgs
    from badges_internal._stale_people(p_peer_mentor_ids, p_org_ids) as stale;
    if v_begun.stale_people is not null then
        v_begun.candidates := badges_internal._bring_up_to_date(
            v_begun.stale_people, v_begun.stale_orgs, false
        );
    end if;
    select array_agg(person.peer_mentor_id), array_agg(person.org_id)
    into v_begun.peer_mentor_ids, v_begun.org_ids
    from (
        select peer_mentor_id, org_id
        from unnest(p_peer_mentor_ids, p_org_ids) as arrived (peer_mentor_id, org_id)
        except
        select peer_mentor_id, org_id
        from unnest(v_begun.stale_people, v_begun.stale_orgs) as stale (peer_mentor_id, org_id)
        order by 1, 2
    ) as person;
    return v_begun;
end;
$$;

comment on function badges_internal._begin_fold(uuid[], text[], bigint[], bigint[]) is
'Locks the people that a statement of many rows brings activities of, and rebuilds the stale ones.';
