-- Lists the rule sets whose current version has not reached everybody, and how many people wait.
--
-- p_peer_mentor_id: look at one person only, null = everybody. People wait where an apply was
-- broken off or configure_badge left them; rezoned_orgs are organizations whose change of time zone
-- is under way. backfill_rule_set ends both.
create or replace function badges.list_unfinished_rule_sets(p_peer_mentor_id uuid default null)
returns table (
    rule_set text,
    version integer,
    people bigint,
    rezoned_orgs text[]
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with waiting as (
        select organization.rule_set, held.peer_mentor_id, held.org_id
        from badges.organizations as organization
        join badges.peer_mentor_stats as held
            on held.org_id = organization.org_id
            and held.rule_set_version < organization.rule_set_version
        union
        select organization.rule_set, claim.peer_mentor_id, claim.org_id
        from badges_internal.place_claims as claim
        join badges.organizations as organization on organization.org_id = claim.org_id
        join badges_internal.badge_places as place
            on place.org_id = claim.org_id
            and place.badge_definition_id = claim.badge_definition_id
            and place.tier = claim.tier
            and place.claimed < place.places
    )
    select current.rule_set, current.version, counted.people, moving.rezoned_orgs
    from (
        select applied.rule_set, max(applied.version) as version
        from badges.rule_sets as applied
        group by applied.rule_set
    ) as current
    cross join lateral (
        select count(*) as people
        from waiting
        where waiting.rule_set = current.rule_set
        and (p_peer_mentor_id is null or waiting.peer_mentor_id = p_peer_mentor_id)
    ) as counted
    cross join lateral (
        select coalesce(array_agg(organization.org_id order by organization.org_id), '{}')
            as rezoned_orgs
        from badges.organizations as organization
        where organization.rule_set = current.rule_set
        and organization.previous_time_zone is not null
    ) as moving
    where counted.people > 0
    or (moving.rezoned_orgs <> '{}' and p_peer_mentor_id is null)
    order by current.rule_set;
end;
$$;

comment on function badges.list_unfinished_rule_sets(uuid) is
'Lists the rule sets whose current version has not reached everybody, and how many people wait.';
