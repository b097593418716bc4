-- Gives what an organization's calendar says, in a document or as a row, with what is left out.
create or replace function badges_internal._calendar(p_organization jsonb)
returns jsonb
language sql
immutable
parallel safe
return jsonb_build_object(
    'time_zone', coalesce(p_organization ->> 'time_zone', 'UTC'),
    'day_starts', coalesce(left(p_organization ->> 'day_starts', 5), '00:00'),
    'week_starts', coalesce(p_organization ->> 'week_starts', 'monday')
);

comment on function badges_internal._calendar(jsonb) is
'Gives what an organization''s calendar says, in a document or as a row, with what is left out.';
