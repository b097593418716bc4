-- Tells whether a base row was written after the statement that brought an activity began.
--
-- For a base row that this transaction wrote: what wrote it ran inside the statement, or beside it
-- (the update half of an upsert), and may have counted rows that the statement is about to count.
-- An activity that is gone, or was changed since, says the same. p_base_cmin: of the base row.
create or replace function badges_internal._is_touched(
    p_peer_mentor_id uuid,
    p_activity_id bigint,
    p_base_cmin cid
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return not exists (
        select
        from badges.activities as activity
        where activity.peer_mentor_id = p_peer_mentor_id
        and activity.activity_id = p_activity_id
        and activity.cmin::text::bigint > p_base_cmin::text::bigint
    );
end;
$$;

comment on function badges_internal._is_touched(uuid, bigint, cid) is
'Tells whether a base row was written after the statement that brought an activity began.';
