-- Lists people with what they did and earned, page by page: who has a badge, who earned it since.
--
-- A row a person and organization, with activities or an award. A badge, tier or p_since asks for
-- those who hold such an award, and awards and last_earned_at tell of these alone; p_since is a
-- local day of the organization. p_org_id null = every organization. p_sort: activity (the latest
-- first), activities (the most first), awards (the most first), earned (the latest award first)
-- or id.
--
-- The next page: the same call with p_after, the cursor of the last row; who is active meanwhile
-- may come twice or not at all where that sorts. p_limit null = all in one. Reads the base row of
-- each person of the organization, and the awards.
--
-- Raises: 42501 who may not see all its people; 23503 unknown organization; 22023 an unknown badge,
--         tier, order or cursor, an odd day or limit.
create or replace function badges.list_mentors(
    p_org_id text default null,
    p_badge_definition_id text default null,
    p_tier text default null,
    p_since date default null,
    p_sort text default 'activity',
    p_limit integer default 100,
    p_after text default null
)
returns table (
    org_id text,
    peer_mentor_id uuid,
    namespace text,
    external_id text,
    activities bigint,
    last_activity_at timestamptz,
    awards bigint,
    last_earned_at timestamptz,
    cursor text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
    v_after record;
begin
    perform badges_internal._require_list(
        p_org_id, p_badge_definition_id, p_tier, p_since, p_limit
    );
    if (p_sort in ('activity', 'activities', 'awards', 'earned', 'id')) is not true then
        raise exception 'there is no order %', badges_internal._quoted(p_sort)
        using errcode = '22023', hint = 'p_sort is activity, activities, awards, earned or id.';
    end if;
    v_after := badges_internal._read_cursor(p_after, p_sort);
    return query
    with people as (
        select
            base.peer_mentor_id, base.org_id, base.activity_count, base.last_at,
            count(earned.earned_at) as awards, max(earned.earned_at) as last_earned_at
        from badges.peer_mentor_stats as base
        join (
            select
                organization.org_id,
                badges_internal._day_begins(
                    p_since, organization.time_zone, organization.day_starts
                ) as since
            from badges.organizations as organization
            offset 0
        ) as asked on asked.org_id = base.org_id
        left join badges.earned_badges as earned
            on earned.peer_mentor_id = base.peer_mentor_id
            and earned.org_id = base.org_id
            and earned.revoked_at is null
            and (p_badge_definition_id is null
                or earned.badge_definition_id = p_badge_definition_id)
            and (p_tier is null or earned.tier = p_tier)
            and (p_since is null or earned.earned_at >= asked.since)
        where base.rule_set_version is not null
        and (p_org_id is null or base.org_id = p_org_id)
        group by base.peer_mentor_id, base.org_id, base.activity_count, base.last_at
    ),
    sorted as (
        select
            people.*,
            coalesce(
                case p_sort
                    when 'activity' then extract(epoch from people.last_at)
                    when 'activities' then people.activity_count
                    when 'awards' then people.awards
                    when 'earned' then extract(epoch from people.last_earned_at)
                    when 'id' then 0
                end,
                '-infinity'
            ) as number
        from people
        where people.awards > 0
        or people.activity_count > 0
        and p_badge_definition_id is null
        and p_since is null
    ),
    page as materialized (
        select sorted.*
        from sorted
        where p_after is null
        or sorted.number < v_after.number
        or sorted.number = v_after.number
        and (sorted.peer_mentor_id, sorted.org_id) > (v_after.peer_mentor_id, v_after.rest)
        order by sorted.number desc, sorted.peer_mentor_id, sorted.org_id
        limit p_limit
    )
    select
        page.org_id, page.peer_mentor_id, named.namespace, named.external_id,
        coalesce(page.activity_count, 0), page.last_at, page.awards, page.last_earned_at,
        concat_ws(':', p_sort, page.number, page.peer_mentor_id, page.org_id)
    from page
    left join badges.name_mentors(array(select page.peer_mentor_id from page)) as named
        on named.peer_mentor_id = page.peer_mentor_id
    order by page.number desc, page.peer_mentor_id, page.org_id;
end;
$$;

comment on function badges.list_mentors(text, text, text, date, text, integer, text) is
'Lists people with what they did and earned, page by page: who has a badge, who earned it since.';
