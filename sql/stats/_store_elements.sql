-- Stores elements that count once seen, an element a stat, and tells what that leaves to do.
--
-- stats: those to which a value is new; unit_stats, unit_buckets: streaks to which a unit is new
-- and not placed yet; null where there is none. p_day_stats: those whose element is a day, nearly
-- always new; p_placed_stats: those whose row has the day among its runs. The caller holds the base
-- row.
--
-- Writes: badges_internal.stat_elements.
create or replace function badges_internal._store_elements(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[],
    p_elements text[],
    p_day_stats text[],
    p_placed_stats text[],
    p_routes badges_internal.stat_route[],
    out stats text[],
    out unit_stats text[],
    out unit_buckets text[]
)
language plpgsql
volatile
as $$
declare
    v_is_new boolean := p_day_stats is not null;
    v_stat text;
    v_route badges_internal.stat_route;
begin
    -- Nearly always a value is known: a look is half of an insert in vain.
    for v_place in 1 .. cardinality(p_elements) loop
        exit when v_is_new;
        v_is_new := not exists (
            select
            from badges_internal.stat_elements as known
            where known.peer_mentor_id = p_peer_mentor_id
            and known.org_id = p_org_id
            and known.stat = p_stats[v_place]
            and known.bucket = p_buckets[v_place]
            and known.element = p_elements[v_place]
        );
    end loop;
    if not v_is_new then
        return;
    end if;
    for v_stat in
        insert into badges_internal.stat_elements (
            peer_mentor_id, org_id, stat, bucket, element, is_counted
        )
        select p_peer_mentor_id, p_org_id, found.stat, found.bucket, found.element, true
        from unnest(p_stats, p_buckets, p_elements) as found (stat, bucket, element)
        on conflict (peer_mentor_id, org_id, stat, bucket, element) do nothing
        returning stat
    loop
        continue when v_stat = any(p_placed_stats);
        stats := stats || v_stat;
    end loop;
    if stats is null then
        return;
    end if;
    foreach v_route in array p_routes loop
        continue when v_route.element_unit is null or not v_route.stat = any(stats);
        stats := array_remove(stats, v_route.stat);
        unit_stats := unit_stats || v_route.stat;
        unit_buckets := unit_buckets || p_buckets[array_position(p_stats, v_route.stat)];
    end loop;
    stats := nullif(stats, '{}');
end;
$$;

comment on function badges_internal._store_elements(
    uuid, text, text[], text[], text[], text[], text[], badges_internal.stat_route[]
) is
'Stores elements that count once seen, an element a stat, and tells what that leaves to do.';
