-- Tells whether criteria count other badges, at any depth.
create or replace function badges_internal._counts_badges(p_criteria jsonb)
returns boolean
language sql
immutable
parallel safe
return jsonb_path_exists(p_criteria, 'strict $.** ? (@.type == "badges_earned")', '{}', true);

comment on function badges_internal._counts_badges(jsonb) is
'Tells whether criteria count other badges, at any depth.';
