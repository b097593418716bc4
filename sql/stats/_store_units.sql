-- Stores a day's units in streaks that count them once seen, and lists those still to be placed.
--
-- p_stats: those streaks; their routes are among p_routes. p_placed_stats: those of days whose row
-- has the day among its runs already. Null where nothing is left to place. The caller holds the
-- base row.
--
-- Writes: badges_internal.stat_elements.
create or replace function badges_internal._store_units(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_routes badges_internal.stat_route[],
    p_stats text[],
    p_placed_stats text[],
    p_day date
)
returns text[]
language plpgsql
volatile
as $$
declare
    v_stat text;
    v_left text[];
begin
    if cardinality(p_placed_stats) = cardinality(p_stats) then
        insert into badges_internal.stat_elements (
            peer_mentor_id, org_id, stat, bucket, element, is_counted
        )
        select
            p_peer_mentor_id, p_org_id, unnest(p_stats), '',
            to_char(p_day::timestamp, 'YYYY-MM-DD'), true
        on conflict (peer_mentor_id, org_id, stat, bucket, element) do nothing;
        return null;
    end if;
    for v_stat in
        insert into badges_internal.stat_elements (
            peer_mentor_id, org_id, stat, bucket, element, is_counted
        )
        select
            p_peer_mentor_id, p_org_id, route.stat, '',
            badges_internal._unit_key(route.element_unit, p_day), true
        from unnest(p_routes) as route
        where route.stat = any(p_stats)
        on conflict (peer_mentor_id, org_id, stat, bucket, element) do nothing
        returning stat
    loop
        continue when v_stat = any(p_placed_stats);
        v_left := v_left || v_stat;
    end loop;
    return v_left;
end;
$$;

comment on function badges_internal._store_units(
    uuid, text, badges_internal.stat_route[], text[], text[], date
) is
'Stores a day''s units in streaks that count them once seen, and lists those still to be placed.';
