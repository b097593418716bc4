-- Refuses what no list can be made of: an unknown organization, badge or tier, an odd day or limit.
--
-- And first of all who may not see all people of the organization, or of every one. The lists that
-- people ask for page by page begin with it. Null = not asked for.
--
-- Raises: 42501, 23503 unknown organization, 22023 all else.
create or replace function badges_internal._require_list(
    p_org_id text,
    p_badge_definition_id text,
    p_tier text,
    p_since date,
    p_limit integer
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_definition badges.badge_definitions;
begin
    perform badges_internal._require_view(null, p_org_id);
    perform badges_internal._require_organization(p_org_id) where p_org_id is not null;
    if p_badge_definition_id is not null then
        if p_org_id is not null then
            v_definition := badges_internal._require_badge(p_badge_definition_id, p_org_id);
        else
            select definition.*
            into v_definition
            from badges.badge_definitions as definition
            where definition.badge_definition_id = p_badge_definition_id;
            if not found then
                raise exception 'badge % does not exist',
                    badges_internal._quoted(p_badge_definition_id)
                using errcode = '22023', hint = 'badges.list_badges lists them.';
            end if;
        end if;
        if p_tier is not null then
            perform badges_internal._require_tier(v_definition, p_tier);
        end if;
    elsif p_tier is not null then
        raise exception 'a tier is of a badge, and none is named'
        using errcode = '22023', hint = 'Give p_badge_definition_id, or leave p_tier out.';
    end if;
    if p_since < '1900-01-01' or p_since >= '2400-01-01' then
        raise exception 'p_since must be a day between 1900 and 2399'
        using errcode = '22023', hint = 'Leave it out for all.';
    end if;
    if p_limit not between 1 and 10000 then
        raise exception 'p_limit must lie between 1 and 10000'
        using errcode = '22023', hint = 'The next page begins after the last row''s cursor.';
    end if;
end;
$$;

comment on function badges_internal._require_list(text, text, text, date, integer) is
'Refuses what no list can be made of: an unknown organization, badge or tier, an odd day or limit.';
