-- Reads the activities of a row of the snapshot, between two local days, null = no bound.
--
-- In line wherever it is called from a FROM clause, as _chosen_activities is.
create or replace function badges_internal._part_activities(
    p_part badges_internal.changed_part,
    p_from date,
    p_to date
)
returns table (
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric, -- what sum and max look at
    element text,
    element_measured numeric
)
language sql
stable
begin atomic
select found.*
from badges_internal._chosen_activities(
    (p_part).peer_mentor_id, (p_part).org_id, (p_part).types, (p_part).route, (p_part).bucket,
    coalesce(greatest((p_part).first_day, p_from), '-infinity'),
    coalesce(least((p_part).last_day, p_to), 'infinity')
) as found;
end;

comment on function badges_internal._part_activities(badges_internal.changed_part, date, date) is
'Reads the activities of a row of the snapshot, between two local days, null = no bound.';
