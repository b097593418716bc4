-- Says what is wrong with a number, text, truth value or scalar, or null.
create or replace function badges_internal._validate_scalar(p_spec jsonb, p_value jsonb)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_type text := jsonb_typeof(p_value);
    v_number numeric;
    v_text text;
    v_banned text;
    v_pattern text;
begin
    if v_type in ('null', 'object', 'array')
    or (p_spec ->> 'is' = 'number' and v_type <> 'number')
    or (p_spec ->> 'is' = 'text' and v_type <> 'string')
    or (p_spec ->> 'is' = 'boolean' and v_type <> 'boolean') then
        return badges_internal._must_not_be(p_value);
    end if;
    if v_type = 'number' then
        v_number := p_value::numeric;
        if v_number <= (p_spec -> 'above')::numeric
        or v_number < (p_spec -> 'from')::numeric
        or v_number > (p_spec -> 'to')::numeric then
            return 'is out of bounds';
        elsif p_spec ? 'whole' and v_number <> trunc(v_number) then
            return 'is not a whole number';
        elsif v_number <> round(v_number, (p_spec -> 'decimals')::integer) then
            return format('has more than %s decimals', p_spec -> 'decimals');
        end if;
    elsif p_spec ->> 'is' = 'text' then
        v_text := p_value #>> '{}';
        if length(v_text) < (p_spec -> 'from')::integer then
            return 'is empty';
        elsif length(v_text) > (p_spec -> 'to')::integer then
            return format('is longer than %s characters', p_spec ->> 'to');
        elsif p_spec ? 'patterns' and not exists (
            select
            from jsonb_array_elements_text(p_spec -> 'patterns') as each (pattern)
            where v_text ~ ('^(?:' || each.pattern || ')$')
        ) then
            return p_value::text || ' is not well formed';
        end if;
        for v_banned in
            select banned.value from jsonb_array_elements_text(p_spec -> 'without') as banned
        loop
            if strpos(v_text, v_banned) > 0 then
                return format('must not contain %s', to_jsonb(v_banned));
            end if;
        end loop;
        for v_banned, v_pattern in
            select once.key, once.value from jsonb_each_text(p_spec -> 'once') as once
        loop
            if regexp_count(v_text, v_pattern) > 1 then
                return format('contains %s more than once', v_banned);
            end if;
        end loop;
    end if;
    return null;
end;
$$;

comment on function badges_internal._validate_scalar(jsonb, jsonb) is
'Says what is wrong with a number, text, truth value or scalar, or null.';
