-- Tells since when each unit that activities excuse for people in a streak is excused.
create or replace function badges_internal._excused_elements(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_route badges_internal.stat_route
)
returns table (peer_mentor_id uuid, element text, excused_at timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_route.excuse_types is null then
        return;
    end if;
    return query
    select a.peer_mentor_id, named.element, min(a.occurred_at)
    from badges.activities as a
    cross join lateral (
        select badges_internal._unit_key(p_route.element_unit, a.activity_date) as element
    ) as named
    where a.peer_mentor_id = any(p_peer_mentor_ids)
    and a.org_id = p_org_id
    and a.activity_type = any(p_route.excuse_types)
    and badges_internal._is_chosen(
        p_route.excuse, p_route.excuse_needs_quantity, p_route.unit_calendar is not null, null,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
    group by a.peer_mentor_id, named.element;
end;
$$;

comment on function badges_internal._excused_elements(
    uuid[], text, badges_internal.stat_route
) is
'Tells since when each unit that activities excuse for people in a streak is excused.';
