-- Counts the awards by organization, badge and tier, those that were revoked left out.
--
-- p_language: of the names, null = the default language. Reads every award: for reports, not for
-- the hot path.
create or replace function badges.count_awards(
    p_org_id text default null,
    p_language text default null
)
returns table (
    org_id text,
    badge_definition_id text,
    tier text,
    name text,
    awards bigint,
    people bigint
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
        counted.org_id, counted.badge_definition_id, counted.tier,
        badges_internal._award_name(definition, counted.tier, p_language),
        counted.awards, counted.people
    from (
        select
            earned.org_id, earned.badge_definition_id, earned.tier,
            count(*) as awards, count(distinct earned.peer_mentor_id) as people,
            max(earned.threshold) as threshold
        from badges.earned_badges as earned
        where earned.revoked_at is null
        and (p_org_id is null or earned.org_id = p_org_id)
        group by earned.org_id, earned.badge_definition_id, earned.tier
    ) as counted
    join badges.badge_definitions as definition using (badge_definition_id)
    order by
        counted.org_id, counted.badge_definition_id, counted.threshold, counted.tier;
end;
$$;

comment on function badges.count_awards(text, text) is
'Counts the awards by organization, badge and tier, those that were revoked left out.';
