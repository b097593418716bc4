-- Reads the activities of one person in one part of a stat, within given local days.
--
-- p_types: null = all types; p_route: null = all activities of these types; p_bucket: '' only where
-- the stat is measured whole. Without order, without SET and of one table, so that it becomes part
-- of the statement that asks, and sees what that one sees.
create or replace function badges_internal._chosen_activities(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
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
as $$
select
    a.activity_date,
    a.occurred_at,
    a.activity_id,
    case
        when (p_route).value_field is null then a.quantity
        else badges_internal._number(
            badges_internal._attribute(a.attributes, a.quantity, (p_route).value_field)
        )
    end,
    case
        when (p_route).element_unit is not null then to_char(
            badges_internal._unit_start((p_route).element_unit, a.activity_date)::timestamp,
            'YYYY-MM-DD'
        )
        when (p_route).element_field is not null then badges_internal._scalar_text(
            badges_internal._attribute(a.attributes, a.quantity, (p_route).element_field)
        )
    end,
    case
        when (p_route).element_measure in ('sum', 'max') then case
            when (p_route).element_value_field is null then a.quantity
            else badges_internal._number(badges_internal._attribute(
                a.attributes, a.quantity, (p_route).element_value_field
            ))
        end
        else 1
    end
from badges.activities as a
where a.peer_mentor_id = p_peer_mentor_id
and a.org_id = p_org_id
and a.activity_date >= p_from
and a.activity_date <= p_to
and (p_types is null or a.activity_type = any(p_types))
and (
    (p_route).stat is null
    or badges_internal._belongs_to_part(
        p_route, p_bucket, a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
)
$$;

comment on function badges_internal._chosen_activities(
    uuid, text, text[], badges_internal.stat_route, text, date, date
) is
'Reads the activities of one person in one part of a stat, within given local days.';
