-- Names what is too long for a key by its hash.
--
-- Not in SQL: in line it would be prepared with every key, and hardly one is so long.
create or replace function badges_internal._hashed_key(p_text text)
returns text
language plpgsql
immutable
parallel safe
as $$
begin
    return 'sha256:' || encode(sha256(convert_to(p_text, 'UTF8')), 'hex');
end;
$$;

comment on function badges_internal._hashed_key(text) is
'Names what is too long for a key by its hash.';
