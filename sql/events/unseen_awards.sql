-- Lists the awards that a person holds in an organization and was never shown, oldest first.
--
-- Backfills and imports come silent: theirs are not listed. Names are in the default language.
--
-- Raises: 42501 who may not see the person there, 22023 for no person, 23503 for an unknown
--         organization.
create or replace function badges.unseen_awards(p_peer_mentor_id uuid, p_org_id text)
returns table (
    badge_definition_id text,
    tier text,
    occurrence integer,
    name text,
    description text,
    earned_at timestamptz,
    granted_at timestamptz,
    idempotency_key text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform badges_internal._require_view(p_peer_mentor_id, p_org_id);
    perform badges_internal._require_person(p_peer_mentor_id);
    perform badges_internal._require_organization(p_org_id);
    return query
    select
        earned.badge_definition_id, earned.tier, earned.occurrence,
        coalesce(
            badges_internal._award_name(definition, earned.tier), earned.badge_definition_id
        ),
        definition.description, earned.earned_at, earned.granted_at, earned.idempotency_key
    from badges.earned_badges as earned
    left join badges.badge_definitions as definition
        on definition.badge_definition_id = earned.badge_definition_id
    where earned.peer_mentor_id = p_peer_mentor_id
    and earned.org_id = p_org_id
    and earned.revoked_at is null
    and earned.seen_at is null
    and earned.source not in ('backfill', 'import')
    order by earned.earned_at, earned.granted_at, earned.badge_definition_id, earned.tier,
        earned.occurrence;
end;
$$;

comment on function badges.unseen_awards(uuid, text) is
'Lists the awards that a person holds in an organization and was never shown, oldest first.';
