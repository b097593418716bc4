-- Lists the awards that the session's own person holds and was never shown: unseen_awards.
--
-- p_org_id: null = in all organizations of the token.
--
-- Raises: 42501 for a session without a person, or an organization that is not the token's.
create or replace function badges.my_unseen_awards(p_org_id text default null)
returns table (
    org_id text,
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
    return query
    select
        own.org_id, unseen.badge_definition_id, unseen.tier, unseen.occurrence, unseen.name,
        unseen.description, unseen.earned_at, unseen.granted_at, unseen.idempotency_key
    from unnest(badges_internal._require_own(p_org_id)) with ordinality as own (org_id, place)
    cross join lateral badges.unseen_awards(
        badges_internal._session_person(), own.org_id
    ) with ordinality as unseen
    order by own.place, unseen.ordinality;
end;
$$;

comment on function badges.my_unseen_awards(text) is
'Lists the awards that the session''s own person holds and was never shown: unseen_awards.';
