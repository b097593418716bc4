-- Tells whether a consumer takes an event in.
create or replace function badges_internal._is_wanted(
    p_consumer badges_internal.event_consumers,
    p_event badges.award_events
)
returns boolean
language sql
stable
return (
    (p_consumer).with_silent or (p_event).is_delivered_by_default
)
and (p_event).created_at >= (p_consumer).events_since
and coalesce((p_event).event_type = any((p_consumer).event_types), true)
and coalesce((p_event).org_id = any((p_consumer).org_ids), true)
and coalesce((p_event).badge_definition_id = any((p_consumer).badge_definition_ids), true);

comment on function badges_internal._is_wanted(
    badges_internal.event_consumers, badges.award_events
) is
'Tells whether a consumer takes an event in.';
