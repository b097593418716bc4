-- Gives the highest event_id that any session has been given, 0 before the first.
create or replace function badges_internal._last_event_number()
returns bigint
language sql
volatile
return (
    select case when numbered.is_called then numbered.last_value else 0 end
    from badges.award_events_event_id_seq as numbered
);

comment on function badges_internal._last_event_number() is
'Gives the highest event_id that any session has been given, 0 before the first.';
