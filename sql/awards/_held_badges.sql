-- Lists the other badges that a badges_earned condition counts for a person, oldest first.
--
-- p_badge_ids: the listed badges, looked up by key; null = those of the category, or any; then
-- badges that themselves count badges are passed over. Tiers and occurrences of one badge count
-- once.
create or replace function badges_internal._held_badges(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_badge_ids text[],
    p_badge_category text
)
returns table (badge_definition_id text, earned_at timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if p_badge_ids is not null then
        return query
        select earned.badge_definition_id, min(earned.earned_at)
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = any(p_badge_ids)
        and earned.org_id = p_org_id
        and earned.badge_definition_id <> p_badge_definition_id
        and earned.revoked_at is null
        group by earned.badge_definition_id
        order by min(earned.earned_at), earned.badge_definition_id;
        return;
    end if;
    return query
    select held.badge_definition_id, held.earned_at
    from (
        select earned.badge_definition_id, min(earned.earned_at) as earned_at
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.badge_definition_id <> p_badge_definition_id
        and earned.revoked_at is null
        group by earned.badge_definition_id
    ) as held
    where exists (
        select
        from badges.badge_definitions as definition
        where definition.badge_definition_id = held.badge_definition_id
        and (p_badge_category is null or definition.category = p_badge_category)
        and not badges_internal._counts_badges(definition.criteria)
    )
    order by held.earned_at, held.badge_definition_id;
end;
$$;

comment on function badges_internal._held_badges(uuid, text, text, text[], text) is
'Lists the other badges that a badges_earned condition counts for a person, oldest first.';
