-- Gives the part of criteria that a compiled condition or group comes from.
--
-- p_path: as in milestones and condition_groups; of a tier the criteria that have it. Null where
-- there is no such part.
create or replace function badges_internal._criteria_at(p_criteria jsonb, p_path text)
returns jsonb
language sql
immutable
parallel safe
return jsonb_path_query_first(
    p_criteria,
    ('strict ' || regexp_replace(p_path, '\.tiers\[\d+\]$', ''))::jsonpath,
    '{}',
    true
);

comment on function badges_internal._criteria_at(jsonb, text) is
'Gives the part of criteria that a compiled condition or group comes from.';
