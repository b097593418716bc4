-- Lists the badges of organizations with how many people hold each, and how many are near.
--
-- A row an organization, badge and tier that it enables or that somebody holds there; hidden badges
-- too. people hold it with awards; near people are at the fraction p_near of it or further, and do
-- not hold it yet. is_enabled: it is awarded there. p_org_id null = every organization; p_near
-- null = do not count who is near; p_language: of the names, null = the default language.
--
-- Reads the awards and, for those near, the snapshot of everybody: for reports.
--
-- Raises: 42501 who may not see all its people, 23503 unknown organization, 22023 an odd fraction.
create or replace function badges.list_badges(
    p_org_id text default null,
    p_near numeric default 0.8,
    p_language text default null
)
returns table (
    org_id text,
    badge_definition_id text,
    tier text,
    name text,
    is_enabled boolean,
    people bigint,
    awards bigint,
    near bigint
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
begin
    perform badges_internal._require_list(p_org_id, null, null, null, null);
    if p_near not between 0 and 1 then
        raise exception 'p_near must lie between 0 and 1'
        using errcode = '22023', hint = 'Four fifths are 0.8.';
    end if;
    return query
    with offered as (
        select
            config.org_id, config.badge_definition_id,
            coalesce(tiered.value ->> 'tier', '') as tier, tiered.ordinality as place,
            organization.is_active and definition.is_active as is_enabled
        from badges.org_badge_configs as config
        join badges.organizations as organization using (org_id)
        join badges.badge_definitions as definition using (badge_definition_id)
        left join lateral jsonb_array_elements(definition.criteria -> 'tiers')
            with ordinality as tiered on true
        where config.is_enabled
        and (p_org_id is null or config.org_id = p_org_id)
    ),
    near as (
        select listed.org_id, listed.badge_definition_id, listed.tier, count(*) as near
        from badges.list_progress(p_org_id) as listed
        where p_near is not null
        and listed.earned_at is null
        and listed.fraction >= p_near
        group by listed.org_id, listed.badge_definition_id, listed.tier
    )
    select
        org_id, badge_definition_id, tier,
        badges_internal._award_name(definition, tier, p_language),
        coalesce(offered.is_enabled, false), coalesce(counted.people, 0),
        coalesce(counted.awards, 0),
        case when p_near is not null then coalesce(near.near, 0) end
    from offered
    full join badges.count_awards(p_org_id) as counted using (org_id, badge_definition_id, tier)
    left join near using (org_id, badge_definition_id, tier)
    join badges.badge_definitions as definition using (badge_definition_id)
    order by org_id, badge_definition_id, offered.place, tier;
end;
$$;

comment on function badges.list_badges(text, numeric, text) is
'Lists the badges of organizations with how many people hold each, and how many are near.';
