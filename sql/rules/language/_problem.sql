-- Shapes one problem as a list of one: its JSON path, what is wrong and what is allowed.
create or replace function badges_internal._problem(p_path text, p_problem text, p_allowed text)
returns jsonb
language sql
immutable
parallel safe
return jsonb_build_array(
    jsonb_build_object('path', p_path, 'problem', p_problem, 'allowed', p_allowed)
);

comment on function badges_internal._problem(text, text, text) is
'Shapes one problem as a list of one: its JSON path, what is wrong and what is allowed.';
