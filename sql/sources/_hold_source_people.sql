-- Locks the base rows of people, but for those that somebody writes for; gives the latters' keys.
--
-- The three lists are of one length. Who has no base row yet is nobody's to wait for.
--
-- Locks: base rows, without waiting.
create or replace function badges_internal._hold_source_people(
    p_people uuid[],
    p_orgs text[],
    p_keys text[]
)
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
begin
    select array_agg(held.peer_mentor_id), array_agg(held.org_id)
    into v_people, v_orgs
    from (
        select own.peer_mentor_id, own.org_id
        from (
            select distinct given.*
            from unnest(p_people, p_orgs) as given (peer_mentor_id, org_id)
            order by given.peer_mentor_id, given.org_id
        ) as person
        join badges.peer_mentor_stats as own
            on own.peer_mentor_id = person.peer_mentor_id
            and own.org_id = person.org_id
            and own.stat = '*'
            and own.bucket = ''
        for no key update of own skip locked
    ) as held;
    return array(
        select distinct given.source_key
        from unnest(p_people, p_orgs, p_keys) as given (peer_mentor_id, org_id, source_key)
        join (
            select person.peer_mentor_id, person.org_id
            from unnest(p_people, p_orgs) as person (peer_mentor_id, org_id)
            join badges.peer_mentor_stats as own
                on own.peer_mentor_id = person.peer_mentor_id
                and own.org_id = person.org_id
                and own.stat = '*'
                and own.bucket = ''
            except
            select free.peer_mentor_id, free.org_id
            from unnest(v_people, v_orgs) as free (peer_mentor_id, org_id)
        ) as taken
            on taken.peer_mentor_id = given.peer_mentor_id
            and taken.org_id = given.org_id
    );
end;
$$;

comment on function badges_internal._hold_source_people(uuid[], text[], text[]) is
'Locks the base rows of people, but for those that somebody writes for; gives the latters'' keys.';
