-- Lists who has a badge and since when, page by page: a row an award that is held.
--
-- p_org_id null = in every organization; p_since: earned on this local day of the organization or
-- later. p_sort: newest or oldest first. p_language: of the names, null = the default language.
--
-- The next page: the same call with p_after, the cursor of the last row; p_limit null = all in one.
-- Reads the awards.
--
-- Raises: 42501 who may not see all its people; 23503 unknown organization; 22023 an unknown badge,
--         tier, order or cursor, an odd day or limit.
create or replace function badges.list_holders(
    p_badge_definition_id text,
    p_org_id text default null,
    p_tier text default null,
    p_since date default null,
    p_sort text default 'newest',
    p_limit integer default 100,
    p_after text default null,
    p_language text default null
)
returns table (
    org_id text,
    peer_mentor_id uuid,
    namespace text,
    external_id text,
    tier text,
    name text,
    occurrence integer,
    earned_at timestamptz,
    source text,
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
    if (p_sort in ('newest', 'oldest')) is not true then
        raise exception 'there is no order %', badges_internal._quoted(p_sort)
        using errcode = '22023', hint = 'p_sort is newest or oldest.';
    end if;
    v_after := badges_internal._read_cursor(p_after, p_sort);
    return query
    with held as (
        select
            earned.*,
            extract(epoch from earned.earned_at) * case p_sort when 'oldest' then -1 else 1 end
                as number,
            -- Occurrences of one moment in their order, as text.
            concat_ws(':', earned.org_id, to_char(earned.occurrence, 'FM0000000000'), earned.tier)
                collate "C" as rest
        from badges.earned_badges as earned
        join (
            select
                organization.org_id,
                badges_internal._day_begins(
                    p_since, organization.time_zone, organization.day_starts
                ) as since
            from badges.organizations as organization
            offset 0
        ) as asked on asked.org_id = earned.org_id
        where earned.badge_definition_id = p_badge_definition_id
        and earned.revoked_at is null
        and (p_org_id is null or earned.org_id = p_org_id)
        and (p_tier is null or earned.tier = p_tier)
        and (p_since is null or earned.earned_at >= asked.since)
    ),
    page as materialized (
        select held.*
        from held
        where p_after is null
        or held.number < v_after.number
        or held.number = v_after.number
        and (held.peer_mentor_id, held.rest) > (v_after.peer_mentor_id, v_after.rest)
        order by held.number desc, held.peer_mentor_id, held.rest
        limit p_limit
    )
    select
        page.org_id, page.peer_mentor_id, named.namespace, named.external_id, page.tier,
        badges_internal._award_name(definition, page.tier, p_language), page.occurrence,
        page.earned_at, page.source,
        concat_ws(':', p_sort, page.number, page.peer_mentor_id, page.rest)
    from page
    join badges.badge_definitions as definition
        on definition.badge_definition_id = page.badge_definition_id
    left join badges.name_mentors(array(select page.peer_mentor_id from page)) as named
        on named.peer_mentor_id = page.peer_mentor_id
    order by page.number desc, page.peer_mentor_id, page.rest;
end;
$$;

comment on function badges.list_holders(text, text, text, date, text, integer, text, text) is
'Lists who has a badge and since when, page by page: a row an award that is held.';
