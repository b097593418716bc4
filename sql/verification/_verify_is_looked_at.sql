-- Tells whether a verification looks at a person.
--
-- A sample is drawn anew in each transaction, and stays the same within it, so that stats and
-- awards are verified for the same people.
create or replace function badges_internal._verify_is_looked_at(
    p_scope badges_internal.verified_scope,
    p_peer_mentor_id uuid
)
returns boolean
language sql
stable
parallel safe
return p_peer_mentor_id between (p_scope).first_person and (p_scope).last_person
    and (
        (p_scope).sample is null
        or (
            uuid_hash_extended(
                p_peer_mentor_id,
                (extract(epoch from transaction_timestamp()) * 1000000)::bigint
            ) & 1048575
        ) < (p_scope).sample * 1048576
    );

comment on function badges_internal._verify_is_looked_at(badges_internal.verified_scope, uuid) is
'Tells whether a verification looks at a person.';
