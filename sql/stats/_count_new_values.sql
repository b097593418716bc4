-- Adds 1 to a person's distinct counts to which a value is new, and tells if one reached enough.
--
-- p_own_stats, p_own_buckets: those of the stats that have a part of their own, by pairs.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._count_new_values(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_new_stats text[],
    p_own_stats text[],
    p_own_buckets text[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_row_reached boolean;
    v_has_reached boolean := false;
begin
    for v_row_reached in
        update badges.peer_mentor_stats as held
        set distinct_count = distinct_count + 1
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = any(p_new_stats)
        and held.bucket = any(array[''] || p_own_buckets)
        and held.bucket = coalesce(p_own_buckets[array_position(p_own_stats, held.stat)], '')
        returning badges_internal._has_reached(held)
    loop
        v_has_reached := v_has_reached or v_row_reached is true;
    end loop;
    return v_has_reached;
end;
$$;

comment on function badges_internal._count_new_values(uuid, text, text[], text[], text[]) is
'Adds 1 to a person''s distinct counts to which a value is new, and tells if one reached enough.';

select badges_internal._join_before_17(
    'badges_internal._count_new_values(uuid, text, text[], text[], text[])',
    $listed$
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = any(p_new_stats)
        and held.bucket = any(array[''] || p_own_buckets)
        and held.bucket = coalesce(p_own_buckets[array_position(p_own_stats, held.stat)], '')
$listed$,
    $joined$
        from unnest(p_new_stats) with ordinality as wanted (name, place)
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = wanted.name
        and held.bucket = coalesce(p_own_buckets[array_position(p_own_stats, wanted.name)], '')
        and wanted.place = array_position(p_new_stats, wanted.name)
$joined$
);
