-- Writes a JSON scalar as the snapshot names it, null where it is absent or no scalar.
--
-- Equal values have one name: numbers lose trailing zeros. Above 200 bytes the hash stands for it.
create or replace function badges_internal._verify_name(p_value jsonb)
returns text
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_value) = 'number' then case
        when abs(p_value::numeric) <= 1e30 then trim_scale(p_value::numeric)::text
    end
    when jsonb_typeof(p_value) = 'boolean' then p_value::text
    when jsonb_typeof(p_value) = 'string' then case
        when octet_length(p_value::text) <= 200 then p_value::text
        else 'sha256:' || encode(sha256(convert_to(p_value::text, 'UTF8')), 'hex')
    end
end;

comment on function badges_internal._verify_name(jsonb) is
'Writes a JSON scalar as the snapshot names it, null where it is absent or no scalar.';
