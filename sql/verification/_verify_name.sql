-- Writes a JSON scalar as the snapshot names it, null where it is absent or no scalar.
--
-- Equal values have one name. Above 200 bytes the hash stands for it; a string of at most 31 bytes
-- is never so long, however its characters are written. STABLE as what it calls, and without a
-- query of its own: so that it is read as part of the statement that calls it.
create or replace function badges_internal._verify_name(p_value jsonb)
returns text
language sql
stable
parallel safe
return case
    when jsonb_typeof(p_value) = 'string' and pg_column_size(p_value) <= 40 then p_value::text
    when octet_length(badges_internal._verify_scalar_text(p_value)) <= 200
        then badges_internal._verify_scalar_text(p_value)
    else 'sha256:' || encode(
        sha256(convert_to(badges_internal._verify_scalar_text(p_value), 'UTF8')), 'hex'
    )
end;

comment on function badges_internal._verify_name(jsonb) is
'Writes a JSON scalar as the snapshot names it, null where it is absent or no scalar.';
