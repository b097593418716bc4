-- Notes that awards of the session's own person were shown, and gives how many were not before.
--
-- p_org_id: null = in all organizations of the token. p_idempotency_keys as in mark_seen.
--
-- Locks:  as mark_seen, one organization after the other.
-- Writes: badges.earned_badges.
-- Raises: 42501 for a session without a person, or an organization that is not the token's; 22023 a
--         null key.
create or replace function badges.mark_my_seen(
    p_org_id text default null,
    p_idempotency_keys text[] default null
)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(sum(
            badges.mark_seen(badges_internal._session_person(), own.org_id, p_idempotency_keys)
        ), 0)
        from (
            select named.org_id
            from unnest(badges_internal._require_own(p_org_id)) as named (org_id)
            order by named.org_id
        ) as own
    );
end;
$$;

comment on function badges.mark_my_seen(text, text[]) is
'Notes that awards of the session''s own person were shown, and gives how many were not before.';
