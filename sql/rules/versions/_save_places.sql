-- Opens the places of badges with a limit, for the given organizations.
--
-- Awards that rules gave, or that were taken over, before the limit came hold places. Claimed ones
-- stay claimed.
-- Where there are more places than before, everybody is evaluated for them.
--
-- Writes: badges_internal.badge_places, badges_internal.milestones (since_version).
create or replace function badges_internal._save_places(p_org_ids text[], p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update badges_internal.milestones as milestone
    set since_version = p_version
    from badges_internal.badge_places as place
    join badges.badge_definitions as definition
        on definition.badge_definition_id = place.badge_definition_id
    where place.org_id = any(p_org_ids)
    and milestone.org_id = place.org_id
    and milestone.badge_definition_id = place.badge_definition_id
    and milestone.tier = place.tier
    and (definition.place_limit is null or definition.place_limit > place.places);

    with limited as (
        select distinct
            milestone.org_id, milestone.badge_definition_id, milestone.tier,
            definition.place_limit
        from badges_internal.milestones as milestone
        join badges.badge_definitions as definition
            on definition.badge_definition_id = milestone.badge_definition_id
        where milestone.org_id = any(p_org_ids)
        and definition.place_limit is not null
    ),
    -- One pass over the awards, and only where a limit is new.
    given as (
        select earned.org_id, earned.badge_definition_id, earned.tier, count(*) as number
        from badges.earned_badges as earned
        join limited using (org_id, badge_definition_id, tier)
        where earned.source <> 'manual'
        and not exists (
            select
            from badges_internal.badge_places as held
            where held.org_id = limited.org_id
            and held.badge_definition_id = limited.badge_definition_id
            and held.tier = limited.tier
        )
        group by earned.org_id, earned.badge_definition_id, earned.tier
    ),
    dropped as (
        delete from badges_internal.badge_places as place
        using badges.badge_definitions as definition
        where place.org_id = any(p_org_ids)
        and definition.badge_definition_id = place.badge_definition_id
        and definition.place_limit is null
    )
    insert into badges_internal.badge_places as place (
        org_id, badge_definition_id, tier, places, claimed
    )
    select
        limited.org_id, limited.badge_definition_id, limited.tier, limited.place_limit,
        coalesce(given.number, 0)
    from limited
    left join given using (org_id, badge_definition_id, tier)
    on conflict (org_id, badge_definition_id, tier) do update set places = excluded.places;
end;
$$;

comment on function badges_internal._save_places(text[], integer) is
'Opens the places of badges with a limit, for the given organizations.';
