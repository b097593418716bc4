-- Names a JSON scalar as a key: strings quoted, numbers without trailing zeros, else null.
--
-- Two values that RULES.md calls equal have one name. Arrays, objects, null and numbers beyond 1e30
-- have none. Names over 200 bytes are kept as their hash.
create or replace function badges_internal._scalar_text(p_value jsonb)
returns text
language sql
immutable
parallel safe
begin atomic
    select case
        when octet_length(name.text) > 200
            then 'sha256:' || encode(sha256(convert_to(name.text, 'UTF8')), 'hex')
        else name.text
    end
    from (
        select case
            when jsonb_typeof(p_value) = 'number'
                then case
                    when p_value::numeric between -1e30 and 1e30
                        then trim_scale(p_value::numeric)::text
                end
            when jsonb_typeof(p_value) in ('string', 'boolean') then p_value::text
        end as text
    ) as name;
end;

comment on function badges_internal._scalar_text(jsonb) is
'Names a JSON scalar as a key: strings quoted, numbers without trailing zeros, else null.';
