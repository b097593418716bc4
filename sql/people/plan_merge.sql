-- Tells what merge_peer_mentors would do now, and changes nothing.
--
-- Gives {"from_peer_mentor_id", "into_peer_mentor_id", "org_id", "rows": {table: rows of the
-- first}, "repeated": {"activities", "keys"}, "without_key": {"activities", "keys"}, "awards":
-- [{"org_id", "badge_definition_id", "tier", "occurrence", "from_earned_at", "into_earned_at",
-- "earned_at", "becomes"}]}. Of keys the first 20. repeated: activities of a key and content that
-- both have, dropped; without_key: of a key that both have with other contents, kept without it.
-- becomes: moved, united, or taken back for a denial of either; a moment is null where the award
-- is not held. Which badges both together reach is decided by the merge. Works in a read-only
-- transaction.
--
-- Raises: as merge_peer_mentors.
create or replace function badges.plan_merge(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_id text default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_people(
        array[p_from_peer_mentor_id, p_into_peer_mentor_id], p_org_id
    );
    return badges_internal._plan_merge(
        p_from_peer_mentor_id,
        badges_internal._require_merge(p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_id),
        p_org_id,
        array(
            select found.org_id
            from unnest(badges_internal._organizations_of(p_from_peer_mentor_id))
                as found (org_id)
            where p_org_id is null
            or found.org_id = p_org_id
        )
    );
end;
$$;

comment on function badges.plan_merge(uuid, uuid, text) is
'Tells what merge_peer_mentors would do now, and changes nothing.';
