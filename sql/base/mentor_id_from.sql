-- Derives a stable peer_mentor_id for applications whose users have other ids.
--
-- From the SHA-256 of namespace and id, marked as a version 8 UUID (RFC 9562).
create or replace function badges.mentor_id_from(p_namespace text, p_external_id text)
returns uuid
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_hex constant text := encode(
        sha256(convert_to(
            length(p_namespace) || ':' || p_namespace || ':' || p_external_id, 'UTF8'
        )),
        'hex'
    );
begin
    return left(v_hex, 12) || '8' || substr(v_hex, 14, 3) || 'a' || substr(v_hex, 18, 15);
end;
$$;

comment on function badges.mentor_id_from(text, text) is
'Derives a stable peer_mentor_id for applications whose users have other ids.';
