-- Gives the specification of a kind of the grammar, named or in full.
create or replace function badges_internal._resolve_kind(p_kind jsonb)
returns jsonb
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_kind) = 'string'
        then badges_internal._criteria_grammar() -> 'kinds' -> (p_kind #>> '{}')
    else p_kind
end;

comment on function badges_internal._resolve_kind(jsonb) is
'Gives the specification of a kind of the grammar, named or in full.';
