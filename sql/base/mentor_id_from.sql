-- Derives a stable peer_mentor_id for applications whose users have other ids.
--
-- From the SHA-256 of namespace and id, marked as a version 8 UUID (RFC 9562).
create or replace function badges.mentor_id_from(p_namespace text, p_external_id text)
returns uuid
language sql
immutable
strict
parallel safe
begin atomic
    select (left(hash.hex, 12) || '8' || substr(hash.hex, 14, 3) || 'a' || substr(hash.hex, 18, 15))
        ::uuid
    from (
        select encode(
            sha256(convert_to(
                length(p_namespace)::text || ':' || p_namespace || ':' || p_external_id, 'UTF8'
            )),
            'hex'
        ) as hex
    ) as hash;
end;

comment on function badges.mentor_id_from(text, text) is
'Derives a stable peer_mentor_id for applications whose users have other ids.';
