-- Names a JSON scalar as a key: strings quoted, numbers without trailing zeros, else null.
--
-- Two values that RULES.md calls equal have one name. Arrays, objects, null and numbers beyond 1e30
-- have none. Names over 200 bytes are kept as their hash.
create or replace function badges_internal._scalar_text(p_value jsonb)
returns text
language sql
stable
parallel safe
return case
    when jsonb_typeof(p_value) in ('string', 'boolean') then case
        when octet_length(p_value::text) <= 200 then p_value::text
        else badges_internal._hashed_key(p_value::text)
    end
    when jsonb_typeof(p_value) = 'number' then case
        when p_value::numeric not between -1e30 and 1e30 then null
        when octet_length(trim_scale(p_value::numeric)::text) <= 200
            then trim_scale(p_value::numeric)::text
        else badges_internal._hashed_key(trim_scale(p_value::numeric)::text)
    end
end;

comment on function badges_internal._scalar_text(jsonb) is
'Names a JSON scalar as a key: strings quoted, numbers without trailing zeros, else null.';
