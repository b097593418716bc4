-- Erases a person: nothing keeps the id afterwards. Gives a receipt, which does not name it.
--
-- p_org_id null = in every organization; ids, merges and what verify was asked belong to none, and
-- go with the last organization. Gives {"receipt_id", "org_id", "erased_at", "erased_by",
-- "removed": {table: rows}}, kept in badges_internal.erasure_receipts too; zeros where nothing was
-- kept. Places of badges with a limit stay taken. Exactly this id: who was merged into another is
-- the other since. Nobody is told: events that wait are gone, and no event says it. Writers for the
-- person wait; what they then bring begins anew.
--
-- Locks:  badges_internal.merged_people, which merges alone wait for, then as _hold_person.
-- Writes: every table of _person_tables, badges_internal.alerts, verifications, erasure_receipts,
--         the server's log.
-- Raises: 42501 when the caller does not administer the organization, 22023 for nobody, 23503
--         unknown organization.
create or replace function badges.erase_peer_mentor(
    p_peer_mentor_id uuid,
    p_org_id text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_people(array[p_peer_mentor_id], p_org_id);
    return badges_internal._erase_person(p_peer_mentor_id, p_org_id);
end;
$$;

comment on function badges.erase_peer_mentor(uuid, text) is
'Erases a person: nothing keeps the id afterwards.';
