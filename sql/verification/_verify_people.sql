-- Gives the people a verification looks at, null for everybody.
--
-- p_from and p_to are both included. A sample is drawn anew in each transaction, and stays the same
-- within it, so that stats and awards are verified for the same people.
create or replace function badges_internal._verify_people(
    p_peer_mentor_id uuid,
    p_from uuid,
    p_to uuid,
    p_sample double precision
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_seed constant bigint := extract(epoch from transaction_timestamp()) * 1000000;
begin
    if p_sample < 0 or p_sample > 1 or p_sample = 'NaN' then
        raise exception 'the sample must lie between 0 and 1'
            using errcode = 'invalid_parameter_value', detail = format('It is %s.', p_sample),
                hint = 'Give a share such as 0.05, or leave it out.';
    end if;
    if num_nonnulls(p_peer_mentor_id, p_from, p_to, p_sample) = 0 then
        return null;
    end if;
    return array(
        select person.peer_mentor_id
        from (
            select activity.peer_mentor_id from badges.activities as activity
            union
            select stored.peer_mentor_id from badges.peer_mentor_stats as stored
            union
            select award.peer_mentor_id from badges.earned_badges as award
        ) as person
        where (p_peer_mentor_id is null or person.peer_mentor_id = p_peer_mentor_id)
        and (p_from is null or person.peer_mentor_id >= p_from)
        and (p_to is null or person.peer_mentor_id <= p_to)
        and (
            p_sample is null
            or (uuid_hash_extended(person.peer_mentor_id, v_seed) & 1048575) < p_sample * 1048576
        )
    );
end;
$$;

comment on function badges_internal._verify_people(uuid, uuid, uuid, double precision) is
'Gives the people a verification looks at, null for everybody.';
