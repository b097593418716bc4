-- Moves the activities of one person to another.
--
-- Of a key that both have the other's activity stays: one of the same content is dropped, one of
-- another content is kept without its key. Awards that a dropped one decided name the other's. The
-- caller holds the base rows, and _mark_uncounted has been called.
--
-- Writes: badges.activities, badges.earned_badges.
create or replace function badges_internal._merge_activities(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_ids text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_dropped bigint[];
    v_kept bigint[];
    v_without_key bigint[];
begin
    select
        array_agg(met.activity_id) filter (where met.is_same),
        array_agg(met.into_activity_id) filter (where met.is_same),
        array_agg(met.activity_id) filter (where not met.is_same)
    into v_dropped, v_kept, v_without_key
    from badges_internal._met_keys(
        p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
    ) as met;
    update badges.earned_badges as earned
    set activity_id = dropped.kept_id
    from unnest(v_dropped, v_kept) as dropped (activity_id, kept_id)
    where earned.peer_mentor_id = p_from_peer_mentor_id
    and earned.activity_id = dropped.activity_id;
    delete from badges.activities as activity
    where activity.peer_mentor_id = p_from_peer_mentor_id
    and activity.activity_id = any(v_dropped);
    update badges.activities as activity
    set
        peer_mentor_id = p_into_peer_mentor_id,
        idempotency_key = case
            when activity.activity_id = any(v_without_key) then null
            else activity.idempotency_key
        end
    where activity.peer_mentor_id = p_from_peer_mentor_id
    and activity.org_id = any(p_org_ids);
end;
$$;

comment on function badges_internal._merge_activities(uuid, uuid, text[]) is
'Moves the activities of one person to another.';
