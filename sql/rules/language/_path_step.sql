-- Extends a JSON path by a key, in brackets and quotes where it is no plain word.
create or replace function badges_internal._path_step(p_path text, p_key text)
returns text
language sql
immutable
parallel safe
return p_path || case
    when p_key ~ '^[A-Za-z_][A-Za-z0-9_]*$' then '.' || p_key
    else '[' || to_jsonb(p_key)::text || ']'
end;

comment on function badges_internal._path_step(text, text) is
'Extends a JSON path by a key, in brackets and quotes where it is no plain word.';
