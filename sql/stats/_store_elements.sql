-- Stores values that count once seen, a value a stat, and lists the stats to which it is new.
--
-- Null where it is to none. The caller holds the base row.
--
-- Writes: badges_internal.stat_elements.
create or replace function badges_internal._store_elements(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[],
    p_elements text[]
)
returns text[]
language plpgsql
volatile
as $$
declare
    v_is_new boolean;
    v_stat text;
    v_new text[];
begin
    -- Nearly always a value is known: a look is half of an insert in vain.
    for v_place in 1 .. cardinality(p_elements) loop
        v_is_new := not exists (
            select
            from badges_internal.stat_elements as known
            where known.peer_mentor_id = p_peer_mentor_id
            and known.org_id = p_org_id
            and known.stat = p_stats[v_place]
            and known.bucket = p_buckets[v_place]
            and known.element = p_elements[v_place]
        );
        exit when v_is_new;
    end loop;
    if not v_is_new then
        return null;
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
        v_new := v_new || v_stat;
    end loop;
    return v_new;
end;
$$;

comment on function badges_internal._store_elements(uuid, text, text[], text[], text[]) is
'Stores values that count once seen, a value a stat, and lists the stats to which it is new.';
