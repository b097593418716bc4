-- Lists the badges that the session's own person holds, the latest first.
--
-- p_org_id: null = in all organizations of the token. p_language: of names and descriptions, null =
-- the default language.
--
-- Raises: 42501 for a session without a person, or an organization that is not the token's.
create or replace function badges.my_badges(
    p_org_id text default null,
    p_language text default null
)
returns table (
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    name text,
    description text,
    icon text,
    category text,
    earned_at timestamptz,
    is_seen boolean
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_org_ids constant text[] := badges_internal._require_own(p_org_id);
    v_person constant uuid := badges_internal._session_person();
begin
    return query
    select
        earned.org_id, earned.badge_definition_id, earned.tier, earned.occurrence,
        badges_internal._award_name(definition, earned.tier, p_language),
        badges_internal._text_in(
            definition.translations -> 'description', p_language, definition.description
        ),
        definition.icon, definition.category, earned.earned_at, earned.seen_at is not null
    from badges.earned_badges as earned
    join badges.badge_definitions as definition
        on definition.badge_definition_id = earned.badge_definition_id
    where earned.peer_mentor_id = v_person
    and earned.org_id = any(v_org_ids)
    and earned.revoked_at is null
    order by earned.earned_at desc, earned.org_id, earned.badge_definition_id, earned.tier,
        earned.occurrence;
end;
$$;

comment on function badges.my_badges(text, text) is
'Lists the badges that the session''s own person holds, the latest first.';
