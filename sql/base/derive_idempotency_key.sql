-- Derives the key of an award: the same inputs give the same key, here and in Python.
--
-- SHA-256 in hex of peer_mentor_id:badge_definition_id:org_id, followed by :tier:occurrence unless
-- tier is '' and occurrence is 1. Stable, as convert_to is: so it is in line where it is called.
create or replace function badges.derive_idempotency_key(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_tier text default '',
    p_occurrence integer default 1
)
returns text
language sql
stable
parallel safe
return encode(
    sha256(convert_to(
        p_peer_mentor_id::text || ':' || p_badge_definition_id || ':' || p_org_id
        || case
            when p_tier = '' and p_occurrence = 1 then ''
            else ':' || p_tier || ':' || p_occurrence::text
        end,
        'UTF8'
    )),
    'hex'
);

comment on function badges.derive_idempotency_key(uuid, text, text, text, integer) is
'Derives the key of an award: the same inputs give the same key, here and in Python.';
