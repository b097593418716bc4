-- Lists the other badges that a badges_earned condition counts for a person.
--
-- p_badge_ids: the listed badges; null = those of the category, or any; then badges that themselves
-- count badges are passed over. Tiers and occurrences of one badge count once. In line where it is
-- called in a FROM clause.
create or replace function badges_internal._held_badges(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_badge_ids text[],
    p_badge_category text
)
returns table (badge_definition_id text, earned_at timestamptz)
language sql
stable
rows 10
begin atomic
    select held.badge_definition_id, held.earned_at
    from (
        select earned.badge_definition_id, min(earned.earned_at) as earned_at
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.badge_definition_id <> p_badge_definition_id
        and (p_badge_ids is null or earned.badge_definition_id = any(p_badge_ids))
        and earned.revoked_at is null
        group by earned.badge_definition_id
    ) as held
    cross join lateral badges_internal._as_counted(
        held.badge_definition_id, p_badge_ids, p_badge_category
    ) as counted;
end;

comment on function badges_internal._held_badges(uuid, text, text, text[], text) is
'Lists the other badges that a badges_earned condition counts for a person.';
