-- Tells how far everybody with activities is with each badge and tier: get_badge_progress for all.
--
-- A row a person, badge and tier, with the columns of get_badge_progress; hidden badges are listed
-- whoever has earned them. stat and measure: what is counted, null of a composed badge. Raw rules
-- are listed where they are held. p_org_id: null = every organization; p_badge_definition_id: null
-- = every badge; p_as_of and p_language as there.
--
-- Reads the snapshot and the awards of everybody: for reports, not for the hot path.
--
-- Raises: 42501 who may not see all its people, 23503 unknown organization, 22023 a day that is out
--         of bounds.
create or replace function badges.list_progress(
    p_org_id text default null,
    p_as_of date default null,
    p_language text default null,
    p_badge_definition_id text default null
)
returns table (
    org_id text,
    peer_mentor_id uuid,
    badge_definition_id text,
    tier text,
    occurrence integer,
    name text,
    stat text,
    measure text,
    current numeric,
    target numeric,
    fraction numeric,
    earned_at timestamptz,
    expires_at timestamptz
)
language plpgsql
volatile
security definer
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set enable_mergejoin = off
set work_mem = '64MB'
set jit = off
as $$
#variable_conflict use_column
begin
    perform badges_internal._require_view(null, p_org_id);
    perform badges_internal._require_organization(p_org_id) where p_org_id is not null;
    return query
    with conditions as materialized (
        select *
        from badges_internal._everyones_conditions(p_org_id, p_as_of, p_badge_definition_id)
    ),
    -- People with the same parts of a composed badge are counted together.
    parted as (
        select
            peer_mentor_id, org_id, badge_definition_id,
            coalesce(array_agg(parent order by parent) filter (where is_reached), '{}') as parents
        from conditions
        where parent is not null
        group by peer_mentor_id, org_id, badge_definition_id
    ),
    composed as (
        select
            parted.peer_mentor_id, parted.org_id, parted.badge_definition_id, counted.current,
            root.required as target
        from parted
        join (
            select
                each.org_id, each.badge_definition_id, each.parents,
                badges_internal._count_met_parts(
                    each.badge_definition_id, each.org_id, each.parents
                )::numeric as current
            from (select distinct org_id, badge_definition_id, parents from parted) as each
        ) as counted using (org_id, badge_definition_id, parents)
        join badges_internal.condition_groups as root
            on root.org_id = parted.org_id
            and root.badge_definition_id = parted.badge_definition_id
            and root.parent is null
    ),
    wholes as (
        select
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, stat, measure,
            value as current, target
        from conditions
        where parent is null
        union all
        select
            peer_mentor_id, org_id, badge_definition_id, '', 1, null, null, current, target
        from composed
    ),
    held as materialized (
        select *
        from badges_internal._everyones_awards(p_org_id)
        where badge_definition_id = coalesce(p_badge_definition_id, badge_definition_id)
    ),
    listed as (
        select
            peer_mentor_id, org_id, badge_definition_id, tier,
            case when is_next then wholes.occurrence else held.occurrence end as occurrence,
            wholes.stat, wholes.measure,
            case when is_next or wholes.occurrence = held.occurrence then wholes.current end
                as current,
            case when is_next or wholes.occurrence = held.occurrence then wholes.target
                else held.threshold end as target,
            case when not is_next then held.earned_at end as earned_at
        from wholes
        full join held using (peer_mentor_id, org_id, badge_definition_id, tier)
        cross join lateral (
            select coalesce(wholes.occurrence <> all(held.occurrences), held.occurrence is null)
        ) as told (is_next)
    ),
    -- Kept, so that a name is made once and not a row.
    named as materialized (
        select
            definition.badge_definition_id, each.tier,
            badges_internal._award_name(definition, each.tier, p_language) as name
        from (
            select milestone.badge_definition_id, milestone.tier
            from badges_internal.milestones as milestone
            union
            select held.badge_definition_id, held.tier
            from held
        ) as each
        join badges.badge_definitions as definition
            on definition.badge_definition_id = each.badge_definition_id
    )
    select
        listed.org_id, listed.peer_mentor_id, listed.badge_definition_id, listed.tier,
        listed.occurrence, named.name, listed.stat, listed.measure, listed.current, listed.target,
        case
            when listed.earned_at is not null or listed.current >= listed.target then 1
            when listed.current <= 0 then 0
            else trim_scale(round(listed.current / listed.target, 4))
        end,
        listed.earned_at, expiring.expires_at
    from listed
    join named using (badge_definition_id, tier)
    left join badges_internal._expiries(null, p_org_id, p_badge_definition_id, p_as_of) as expiring
        using (peer_mentor_id, org_id, badge_definition_id, tier);
end;
$$;

comment on function badges.list_progress(text, date, text, text) is
'Tells how far everybody with activities is with each badge and tier: get_badge_progress for all.';
