-- Names the stat of a selector: '*' all activities, '=type' one type, else '~' and a hash.
--
-- The name depends on the selector alone, so that a rule set's versions share what they share.
create or replace function badges_internal._stat_name(p_selector jsonb)
returns text
language sql
immutable
parallel safe
return case
    when p_selector = '{}' then '*'
    when p_selector - 'types' = '{}' and jsonb_array_length(p_selector -> 'types') = 1
        then '=' || (p_selector -> 'types' ->> 0)
    else '~' || left(encode(sha256(convert_to(p_selector::text, 'UTF8')), 'hex'), 16)
end;

comment on function badges_internal._stat_name(jsonb) is
'Names the stat of a selector: ''*'' all activities, ''=type'' one type, else ''~'' and a hash.';
