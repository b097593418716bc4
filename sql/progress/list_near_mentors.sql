-- Lists who is near a badge, the nearest first, page by page: how far, and what remains.
--
-- A row a person, badge and tier that list_progress has at least at the fraction p_near, not held
-- yet. p_badge_definition_id null = any badge, p_org_id null = in every organization; p_language:
-- of the names, null = the default language.
--
-- The next page: the same call with p_after, the cursor of the last row; p_limit null = all in one.
-- Costs what list_progress does, each page: for reports.
--
-- Raises: 42501 who may not see all its people; 23503 unknown organization; 22023 an unknown badge,
--         tier or cursor, an odd limit or fraction.
create or replace function badges.list_near_mentors(
    p_badge_definition_id text default null,
    p_org_id text default null,
    p_tier text default null,
    p_near numeric default 0.8,
    p_limit integer default 100,
    p_after text default null,
    p_language text default null
)
returns table (
    org_id text,
    peer_mentor_id uuid,
    namespace text,
    external_id text,
    badge_definition_id text,
    tier text,
    name text,
    occurrence integer,
    current numeric,
    target numeric,
    remaining numeric,
    fraction numeric,
    cursor text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    v_after record;
begin
    perform badges_internal._require_list(p_org_id, p_badge_definition_id, p_tier, null, p_limit);
    if (p_near between 0 and 1) is not true then
        raise exception 'p_near must lie between 0 and 1'
        using errcode = '22023', hint = 'Four fifths are 0.8.';
    end if;
    v_after := badges_internal._read_cursor(p_after, 'near');
    return query
    with near as (
        select
            listed.*,
            concat_ws(':', listed.org_id, listed.badge_definition_id, listed.tier) collate "C"
                as rest
        from badges.list_progress(p_org_id, null, p_language, p_badge_definition_id) as listed
        where listed.earned_at is null
        and listed.fraction >= p_near
        and (p_tier is null or listed.tier = p_tier)
    ),
    page as materialized (
        select near.*
        from near
        where p_after is null
        or near.fraction < v_after.number
        or near.fraction = v_after.number
        and (near.peer_mentor_id, near.rest) > (v_after.peer_mentor_id, v_after.rest)
        order by near.fraction desc, near.peer_mentor_id, near.rest
        limit p_limit
    )
    select
        page.org_id, page.peer_mentor_id, named.namespace, named.external_id,
        page.badge_definition_id, page.tier, page.name, page.occurrence, page.current, page.target,
        greatest(0, page.target - page.current), page.fraction,
        concat_ws(':', 'near', page.fraction, page.peer_mentor_id, page.rest)
    from page
    left join badges.name_mentors(array(select page.peer_mentor_id from page)) as named
        on named.peer_mentor_id = page.peer_mentor_id
    order by page.fraction desc, page.peer_mentor_id, page.rest;
end;
$$;

comment on function badges.list_near_mentors(text, text, text, numeric, integer, text, text) is
'Lists who is near a badge, the nearest first, page by page: how far, and what remains.';
