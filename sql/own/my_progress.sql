-- Tells the session's own person how far they are with each badge and tier: get_badge_progress.
--
-- p_org_id: null = in all organizations of the token. p_as_of and p_language as there.
--
-- Raises: 42501 for a session without a person, or an organization that is not the token's; 22023 a
--         day that is out of bounds.
create or replace function badges.my_progress(
    p_org_id text default null,
    p_as_of date default null,
    p_language text default null
)
returns table (
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    name text,
    current numeric,
    target numeric,
    fraction numeric,
    earned_at timestamptz,
    expires_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        own.org_id, progress.badge_definition_id, progress.tier, progress.occurrence,
        progress.name, progress.current, progress.target, progress.fraction, progress.earned_at,
        progress.expires_at
    from unnest(badges_internal._require_own(p_org_id)) with ordinality as own (org_id, place)
    cross join lateral badges.get_badge_progress(
        badges_internal._session_person(), own.org_id, p_as_of, p_language
    ) with ordinality as progress
    order by own.place, progress.ordinality;
end;
$$;

comment on function badges.my_progress(text, date, text) is
'Tells the session''s own person how far they are with each badge and tier: get_badge_progress.';
