-- Counts one activity in a rolling window or a sequence, and tells whether the row reached one.
--
-- Null where the activity does not tell enough: then _measure_wide does. p_pending: docs of
-- _count_rest.
create or replace function badges_internal._count_apart(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_reading badges_internal.stat_reading,
    p_day date,
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_pending bigint[]
)
returns boolean
language sql
volatile
return case
    when ((p_reading).route).sequence is null then badges_internal._roll_one(
        p_peer_mentor_id, p_org_id, p_reading, p_day, p_occurred_at
    )
    when ((p_reading).route).cap_unit is not null then badges_internal._count_capped(
        p_peer_mentor_id, p_org_id, p_reading, p_day, p_occurred_at, p_pending
    )
    else badges_internal._count_sequence(
        p_peer_mentor_id, p_org_id, p_reading, p_occurred_at, p_activity_id, p_pending
    )
end;

comment on function badges_internal._count_apart(
    uuid, text, badges_internal.stat_reading, date, timestamptz, bigint, bigint[]
) is
'Counts one activity in a rolling window or a sequence, and tells whether the row reached one.';
