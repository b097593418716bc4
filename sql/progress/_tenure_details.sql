-- Tells of a tenure when it began, when it is due, and how many days are left.
--
-- {"tenure": {"unit", "first_day", "due_at", "days_left", "is_due"}}; all but the unit only where
-- there is a first day. is_due: the day has come, though nothing may have passed it yet.
create or replace function badges_internal._tenure_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_first_day constant date := badges_internal._first_day(
        p_peer_mentor_id, p_milestone.org_id, p_milestone.stat
    );
    v_due_day constant date := v_first_day + p_milestone.duration;
begin
    return jsonb_build_object('tenure', jsonb_strip_nulls(jsonb_build_object(
        'unit', badges_internal._tenure_unit(p_milestone.threshold, p_milestone.duration),
        'first_day', v_first_day,
        'due_at', (
            select badges_internal._day_begins(
                v_due_day, organization.time_zone, organization.day_starts
            )
            from badges.organizations as organization
            where organization.org_id = p_milestone.org_id
        ),
        'days_left', v_due_day - least(v_due_day, p_as_of),
        'is_due', v_due_day <= p_as_of
    )));
end;
$$;

comment on function badges_internal._tenure_details(uuid, badges_internal.milestones, date) is
'Tells of a tenure when it began, when it is due, and how many days are left.';
