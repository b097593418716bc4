-- Notes on base rows that the present transaction has counted from the table up to now.
--
-- What a statement inside it counts, or one beside it, may have been seen already: _is_touched. The
-- caller holds the base rows, of a few people: they are looked up one by one, by the whole key,
-- whatever statistics say.
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
    where held.peer_mentor_id = any(p_peer_mentor_ids)
    and held.org_id = any(p_org_ids)
    and held.stat = '*'
    and held.bucket = ''
    and exists (
        select
        from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
        where person.peer_mentor_id = held.peer_mentor_id
        and person.org_id = held.org_id
        offset 0
    );
end;
$$;

comment on function badges_internal._mark_looked(uuid[], text[]) is
'Notes on base rows that the present transaction has counted from the table up to now.';
