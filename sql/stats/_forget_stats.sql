-- Deletes what is stored of people's stats that no rule names any more.
--
-- p_stats: the stats to look at; those that the person's own organization still asks for stay.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._forget_stats(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_stats text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
begin
    delete from badges_internal.stat_elements as element
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where element.peer_mentor_id = person.peer_mentor_id
    and element.org_id = person.org_id
    and element.stat = any(p_stats)
    and not exists (
        select
        from badges_internal.stat_definitions as defined
        where defined.org_id = element.org_id
        and defined.stat = element.stat
    );
    delete from badges.peer_mentor_stats as held
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = any(p_stats)
    and not exists (
        select
        from badges_internal.stat_definitions as defined
        where defined.org_id = held.org_id
        and defined.stat = held.stat
    );
end;
$$;

comment on function badges_internal._forget_stats(uuid[], text[], text[]) is
'Deletes what is stored of people''s stats that no rule names any more.';
