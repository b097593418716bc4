-- Lists the badges that the session's own person holds, the latest first.
--
-- p_org_id: null = in all organizations of the token. p_language: of names and descriptions, null =
-- the default language. expires_at: as get_badge_progress tells it.
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
    is_seen boolean,
    expires_at timestamptz
)
language plpgsql
volatile
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
        definition.icon, definition.category, earned.earned_at, earned.seen_at is not null,
        expiring.expires_at
    from badges.earned_badges as earned
    join badges.badge_definitions as definition
        on definition.badge_definition_id = earned.badge_definition_id
    left join (
        select held.*
        from unnest(v_org_ids) as own (org_id)
        cross join lateral badges_internal._expiries(v_person, own.org_id, null, null) as held
    ) as expiring
        on expiring.org_id = earned.org_id
        and expiring.badge_definition_id = earned.badge_definition_id
        and expiring.tier = earned.tier
    where earned.peer_mentor_id = v_person
    and earned.org_id = any(v_org_ids)
    and earned.revoked_at is null
    order by earned.earned_at desc, earned.org_id, earned.badge_definition_id, earned.tier,
        earned.occurrence;
end;
$$;

comment on function badges.my_badges(text, text) is
'Lists the badges that the session''s own person holds, the latest first.';
