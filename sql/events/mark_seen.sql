-- Notes that awards of a person in an organization were shown, and gives how many were not before.
--
-- p_idempotency_keys: those awards, as unseen_awards names them; null = all that it lists now. Of
-- two sessions that mark the same award one gets 1 and the other 0. Writers for the person wait
-- until the transaction ends.
--
-- Locks:  the person's base row, behind which others take awards in any order; then
--         badges.earned_badges rows, in key order.
-- Writes: badges.earned_badges.
-- Raises: 22023 for no person or a null key, 23503 for an unknown organization.
create or replace function badges.mark_seen(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_idempotency_keys text[] default null
)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_marked integer;
begin
    perform badges_internal._require_person(p_peer_mentor_id);
    perform badges_internal._require_organization(p_org_id);
    if num_nulls(variadic p_idempotency_keys) > 0 then
        raise exception 'p_idempotency_keys must not hold null'
        using
            errcode = '22023',
            column = 'idempotency_key',
            hint = 'Give keys that unseen_awards gave, or null for all that it lists.';
    end if;
    perform
    from badges.peer_mentor_stats as base
    where base.peer_mentor_id = p_peer_mentor_id
    and base.org_id = p_org_id
    and base.stat = '*'
    and base.bucket = ''
    for no key update;
    with unseen as (
        select
            earned.peer_mentor_id, earned.badge_definition_id, earned.org_id, earned.tier,
            earned.occurrence
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.seen_at is null
        and earned.revoked_at is null
        and earned.source not in ('backfill', 'import')
        and (earned.idempotency_key = any(p_idempotency_keys) or p_idempotency_keys is null)
        order by earned.badge_definition_id, earned.tier, earned.occurrence
        for no key update
    )
    update badges.earned_badges as earned
    set seen_at = v_now
    from unseen
    where earned.peer_mentor_id = unseen.peer_mentor_id
    and earned.badge_definition_id = unseen.badge_definition_id
    and earned.org_id = unseen.org_id
    and earned.tier = unseen.tier
    and earned.occurrence = unseen.occurrence;
    get diagnostics v_marked = row_count;
    return v_marked;
end;
$$;

comment on function badges.mark_seen(uuid, text, text[]) is
'Notes that awards of a person in an organization were shown, and gives how many were not before.';
