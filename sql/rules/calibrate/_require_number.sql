-- Gives the node of the number that is asked for, by its part's id or path, or refuses.
--
-- Raises: 22023 for a badge without a number, and where p_part names none of several.
create or replace function badges_internal._require_number(
    p_badge_definition_id text,
    p_criteria jsonb,
    p_part text
)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names constant text[] := array(
        select number.name from badges_internal._calibrate_numbers(p_criteria) as number
    );
    v_nodes constant integer[] := array(
        select number.node
        from badges_internal._calibrate_numbers(p_criteria) as number
        where p_part in (number.name, number.path)
        or p_part is null and cardinality(v_names) = 1
    );
begin
    if v_names = '{}' then
        raise exception 'badge "%" has no threshold: its rule is %', p_badge_definition_id,
            p_criteria ->> 'type'
        using
            errcode = '22023',
            hint = 'Ask for a badge whose rule is typed and not manual.';
    elsif v_nodes = '{}' then
        raise exception 'badge "%" has %', p_badge_definition_id, case
            when p_part is null then 'several thresholds, one a part'
            else 'no threshold ' || badges_internal._quoted(p_part)
        end
        using
            errcode = '22023',
            hint = format('Name one of %s.', array_to_string(v_names, ', '));
    end if;
    return v_nodes[1];
end;
$$;

comment on function badges_internal._require_number(text, jsonb, text) is
'Gives the node of the number that is asked for, by its part''s id or path, or refuses.';
