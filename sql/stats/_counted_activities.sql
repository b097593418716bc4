-- Reads the activities of a row of the snapshot that are counted in it, between two local days.
--
-- p_from, p_to: null = no bound. In line wherever it is called from a FROM clause, so that exists
-- and limit stop at the first row of the index (peer_mentor_id, activity_date, activity_type).
create or replace function badges_internal._counted_activities(
    p_part badges_internal.gone_part,
    p_from date,
    p_to date
)
returns table (
    activity_date date,
    occurred_at timestamptz,
    quantity numeric,
    attributes jsonb,
    measured numeric,
    element_measured numeric
)
language sql
stable
parallel safe
begin atomic
select
    a.activity_date,
    a.occurred_at,
    a.quantity,
    a.attributes,
    badges_internal._field_number(((p_part).route).value_field, a.attributes, a.quantity),
    case when ((p_part).route).element_measure in ('sum', 'max') then badges_internal._field_number(
        ((p_part).route).element_value_field, a.attributes, a.quantity
    ) end
from badges.activities as a
where a.peer_mentor_id = (p_part).peer_mentor_id
and a.org_id = (p_part).org_id
and a.activity_date >= coalesce(greatest((p_part).first_day, p_from), '-infinity')
and a.activity_date <= coalesce(least((p_part).last_day, p_to), 'infinity')
and ((p_part).types is null or a.activity_type = any((p_part).types))
and ((p_part).pending is null or a.activity_id <> all ((p_part).pending))
and badges_internal._is_chosen(
    ((p_part).route).predicate, ((p_part).route).needs_quantity, ((p_part).route).needs_calendar,
    ((p_part).route).clock_zone, a.attributes, a.quantity, a.activity_date, a.occurred_at
)
and (
    (p_part).bucket = ''
    or badges_internal._bucket(
        ((p_part).route).per_field, ((p_part).route).window_unit, a.attributes, a.quantity,
        a.activity_date
    ) = (p_part).bucket
);
end;

comment on function badges_internal._counted_activities(badges_internal.gone_part, date, date) is
'Reads the activities of a row of the snapshot that are counted in it, between two local days.';
