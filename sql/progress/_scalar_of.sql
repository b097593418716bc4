-- Gives the JSON value that a name of _scalar_text stands for; a hash stays the text it is.
create or replace function badges_internal._scalar_of(p_name text)
returns jsonb
language sql
immutable
parallel safe
return case when p_name like 'sha256:%' then to_json(p_name)::jsonb else p_name::jsonb end;

comment on function badges_internal._scalar_of(text) is
'Gives the JSON value that a name of _scalar_text stands for; a hash stays the text it is.';
