-- Names a JSON scalar as a key: strings quoted, numbers without trailing zeros, else null.
--
-- Two values that RULES.md calls equal have one name. Arrays, objects, null and numbers beyond 1e30
-- have none. Names over 200 bytes are kept as their hash.
create or replace function badges_internal._scalar_text(p_value jsonb)
returns text
language plpgsql
immutable
parallel safe
as $$
declare
    v_type constant text := jsonb_typeof(p_value);
    v_name text;
begin
    if v_type = 'number' then
        if p_value::numeric between -1e30 and 1e30 then
            v_name := trim_scale(p_value::numeric)::text;
        end if;
    elsif v_type in ('string', 'boolean') then
        v_name := p_value::text;
    end if;
    if octet_length(v_name) > 200 then
        v_name := 'sha256:' || encode(sha256(convert_to(v_name, 'UTF8')), 'hex');
    end if;
    return v_name;
end;
$$;

comment on function badges_internal._scalar_text(jsonb) is
'Names a JSON scalar as a key: strings quoted, numbers without trailing zeros, else null.';
