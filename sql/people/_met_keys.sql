-- Lists the activities of one person whose idempotency key another has in the same organization.
--
-- is_same: the content is the other's too, so it is a replay; else they are two activities.
create or replace function badges_internal._met_keys(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_ids text[]
)
returns table (
    org_id text,
    idempotency_key text,
    activity_id bigint,
    into_activity_id bigint,
    is_same boolean
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select
        given.org_id, given.idempotency_key, given.activity_id, held.activity_id,
        row(
            given.activity_type, given.occurred_at, given.activity_date, given.quantity,
            given.attributes
        ) = row(
            held.activity_type, held.occurred_at, held.activity_date, held.quantity,
            held.attributes
        )
    from badges.activities as given
    join badges.activities as held
        on held.peer_mentor_id = p_into_peer_mentor_id
        and held.org_id = given.org_id
        and held.idempotency_key = given.idempotency_key
    where given.peer_mentor_id = p_from_peer_mentor_id
    and given.org_id = any(p_org_ids);
$$;

comment on function badges_internal._met_keys(uuid, uuid, text[]) is
'Lists the activities of one person whose idempotency key another has in the same organization.';
