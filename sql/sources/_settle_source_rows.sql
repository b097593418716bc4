-- Makes the activities of some keys of a source what its rows now are.
--
-- p_keys: of rows that may be there. p_people, p_orgs, p_pair_keys: where else their activities may
-- stand. Nobody is waited for while rows are held, so that a writer of the application is never in
-- a deadlock with it: first the rules, then the people, then the rows of the source, those free
-- at the moment. busy: the keys of the others, which are left as they are. odd: rows that cannot
-- be activities.
--
-- Locks:  the gate of the rules; base rows, then rows of the source FOR SHARE, without waiting.
-- Writes: as _write_source_rows.
create or replace function badges_internal._settle_source_rows(
    p_source text,
    p_keys text[],
    p_people uuid[],
    p_orgs text[],
    p_pair_keys text[],
    out written bigint,
    out busy text[],
    out odd badges_internal.source_row[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_keys text[] := badges_internal._usable_source_keys(p_source, p_keys);
    v_rows badges_internal.source_row[];
    v_before badges_internal.source_row[];
begin
    perform badges_internal._hold_rules();
    -- What cannot be an activity last: nothing is written there.
    v_rows := array(
        select now
        from badges_internal._read_source_rows(p_source, v_keys) as now
        where now.problem is null
    );
    busy := badges_internal._hold_source_people(
        array(select each.peer_mentor_id from unnest(v_rows) as each) || p_people,
        array(select each.org_id from unnest(v_rows) as each) || p_orgs,
        array(select each.source_key from unnest(v_rows) as each) || p_pair_keys,
        cardinality(v_rows)
    );
    v_keys := array(select unnest(v_keys) except select unnest(busy));
    busy := busy || badges_internal._hold_source_rows(p_source, v_keys);
    v_keys := array(select unnest(v_keys) except select unnest(busy));
    -- Read again, now that nobody changes them.
    v_rows := array(select badges_internal._read_source_rows(p_source, v_keys));
    odd := array(select now from unnest(v_rows) as now where now.problem is not null);
    v_before := array(
        select row(each.source_key, each.peer_mentor_id, each.org_id, null, null, null, null, null,
            null, null)::badges_internal.source_row
        from (
            select given.source_key, given.peer_mentor_id, given.org_id
            from unnest(p_people, p_orgs, p_pair_keys)
                as given (peer_mentor_id, org_id, source_key)
            where given.source_key <> all(coalesce(busy, '{}'))
            union
            select now.source_key, now.peer_mentor_id, now.org_id
            from unnest(odd) as now
        ) as each
    );
    perform badges_internal._write_source_rows(p_source, nullif(v_before, '{}'), v_rows);
    written := cardinality(v_rows) - cardinality(odd);
end;
$$;

comment on function badges_internal._settle_source_rows(text, text[], uuid[], text[], text[]) is
'Makes the activities of some keys of a source what its rows now are.';
