-- Locks the base rows of people, but for those that somebody writes for; gives the latters' keys.
--
-- The three lists are of one length. p_written: how many of the first are going to be written; who
-- of them has no base row yet gets one, so that nobody else begins the person meanwhile.
--
-- Locks:  base rows, waiting for 10 ms at most where a person begins.
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._hold_source_people(
    p_people uuid[],
    p_orgs text[],
    p_keys text[],
    p_written integer
)
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '10ms'
set enable_seqscan = off
set jit = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_busy_people uuid[];
    v_busy_orgs text[];
    v_new_people uuid[];
    v_new_orgs text[];
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
    select array_agg(person.peer_mentor_id), array_agg(person.org_id)
    into v_new_people, v_new_orgs
    from (
        select given.peer_mentor_id, given.org_id
        from unnest(p_people[:p_written], p_orgs[:p_written]) as given (peer_mentor_id, org_id)
        join badges.organizations as organization on organization.org_id = given.org_id
        except
        select free.peer_mentor_id, free.org_id
        from unnest(v_people, v_orgs) as free (peer_mentor_id, org_id)
        order by 1, 2
    ) as person;
    begin
        if v_new_people is not null then
            perform badges_internal._lock_people(v_new_people, v_new_orgs);
        end if;
    exception
        -- Somebody's, not everybody's: one by one.
        when lock_not_available or transaction_rollback then
            for v_place in 1 .. cardinality(v_new_people) loop
                begin
                    perform badges_internal._lock_people(
                        v_new_people[v_place:v_place], v_new_orgs[v_place:v_place]
                    );
                exception
                    when lock_not_available or transaction_rollback then
                        v_busy_people := v_busy_people || v_new_people[v_place];
                        v_busy_orgs := v_busy_orgs || v_new_orgs[v_place];
                end;
            end loop;
    end;
    return array(
        select distinct given.source_key
        from unnest(p_people, p_orgs, p_keys) as given (peer_mentor_id, org_id, source_key)
        join (
            select busy.peer_mentor_id, busy.org_id
            from unnest(v_busy_people, v_busy_orgs) as busy (peer_mentor_id, org_id)
            union
            select person.peer_mentor_id, person.org_id
            from unnest(p_people[p_written + 1:], p_orgs[p_written + 1:])
                as person (peer_mentor_id, org_id)
            join badges.peer_mentor_stats as own
                on own.peer_mentor_id = person.peer_mentor_id
                and own.org_id = person.org_id
                and own.stat = '*'
                and own.bucket = ''
            where (person.peer_mentor_id, person.org_id) not in (
                select free.peer_mentor_id, free.org_id
                from unnest(v_people, v_orgs) as free (peer_mentor_id, org_id)
            )
        ) as taken
            on taken.peer_mentor_id = given.peer_mentor_id
            and taken.org_id = given.org_id
    );
end;
$$;

comment on function badges_internal._hold_source_people(uuid[], text[], text[], integer) is
'Locks the base rows of people, but for those that somebody writes for; gives the latters'' keys.';
