-- Makes two people one: all that is kept of the first is the second's from now on.
--
-- p_org_id null = in every organization. Gives what plan_merge gives, and {"new_badges": [..],
-- "changed": bool}: awards that the activities of both together bring. Nothing undoes it.
-- Activities move, and the stats are those of all of them; awards unite, with the earliest moment
-- at which either earned them, and are decided anew by the rules; denials of either count. Places
-- of badges with a limit stay taken. Events move as history. The first person's external ids mean
-- the second. What is recorded for the first afterwards is the first's until it is merged again.
-- Merging again changes nothing. Writers for either person wait.
--
-- Locks:  badges_internal.merged_people, then as _hold_person.
-- Writes: every table of _person_tables, the server's log.
-- Raises: 42501 when the caller does not administer the organization; 22023 for nobody, oneself, a
--         circle or somebody who is another already; 23503 unknown organization.
create or replace function badges.merge_peer_mentors(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_id text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_after constant bigint := badges_internal._last_event();
    v_into uuid;
    v_orgs text[];
    v_plan jsonb;
    v_is_new boolean;
begin
    perform badges_internal._require_people(
        array[p_from_peer_mentor_id, p_into_peer_mentor_id], p_org_id
    );
    -- One merge at a time: chains must not grow behind each other's back.
    lock table badges_internal.merged_people in share row exclusive mode;
    v_into := badges_internal._require_merge(
        p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_id
    );
    v_orgs := badges_internal._hold_person(p_from_peer_mentor_id, v_into, p_org_id);
    v_plan := badges_internal._plan_merge(p_from_peer_mentor_id, v_into, p_org_id, v_orgs);
    if v_orgs <> '{}' then
        perform badges_internal._merge_rows(p_from_peer_mentor_id, v_into, p_org_id, v_orgs);
    end if;
    v_is_new := badges_internal._merge_names(p_from_peer_mentor_id, v_into, p_org_id);
    if v_is_new or v_orgs <> '{}' then
        raise log 'people merged (transaction %)', pg_current_xact_id();
    end if;
    return v_plan || jsonb_build_object(
        'new_badges', badges_internal._new_badges_since(v_after, false),
        'changed', v_is_new or v_orgs <> '{}'
    );
end;
$$;

comment on function badges.merge_peer_mentors(uuid, uuid, text) is
'Makes two people one: all that is kept of the first is the second''s from now on.';
