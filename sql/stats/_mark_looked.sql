-- Notes on base rows that the present transaction has counted from the table up to now.
--
-- What a statement inside it counts, or one beside it, may have been seen already: _is_touched. The
-- caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._mark_looked(p_peer_mentor_ids uuid[], p_org_ids text[])
returns void
language plpgsql
volatile
as $$
begin
    update badges.peer_mentor_stats as held
    set
        counted_in = pg_current_xact_id(),
        counted_upto = badges_internal._last_activity_id()
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = '*'
    and held.bucket = '';
end;
$$;
