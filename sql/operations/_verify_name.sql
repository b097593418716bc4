-- Writes a JSON scalar as the snapshot names it, null where it is absent or no scalar.
--
-- Equal values have one name: numbers lose trailing zeros. Above 200 bytes the hash stands for it.
create or replace function badges_internal._verify_name(p_value jsonb)
returns text
language sql
immutable
parallel safe
return (
    select case
        when octet_length(plain.name) <= 200 then plain.name
        else 'sha256:' || encode(sha256(convert_to(plain.name, 'UTF8')), 'hex')
    end
    from (
        select case
            when jsonb_typeof(p_value) = 'number' then case
                when abs(p_value::numeric) <= 1e30 then trim_scale(p_value::numeric)::text
            end
            when jsonb_typeof(p_value) in ('boolean', 'string') then p_value::text
        end as name
    ) as plain
);

comment on function badges_internal._verify_name(jsonb) is
'Writes a JSON scalar as the snapshot names it, null where it is absent or no scalar.';
