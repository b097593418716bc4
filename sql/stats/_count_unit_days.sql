-- Counts the days of a calendar unit on which a stat chose an activity of the person.
--
-- p_pending: as in _count_rest.
create or replace function badges_internal._count_unit_days(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_bucket text,
    p_unit_start date,
    p_pending bigint[]
)
returns bigint
language plpgsql
volatile
as $$
begin
    return (
        select count(distinct found.activity_date)
        from badges_internal._selected_activities(
            array[p_peer_mentor_id], p_org_id, p_route.stat, p_bucket, p_unit_start,
            badges_internal._unit_day(p_route.element_unit, badges_internal._unit_number(
                p_route.element_unit, p_unit_start
            ) + 1) - 1
        ) as found
        where p_pending is null
        or found.activity_id <> all (p_pending)
    );
end;
$$;

comment on function badges_internal._count_unit_days(
    uuid, text, badges_internal.stat_route, text, date, bigint[]
) is
'Counts the days of a calendar unit on which a stat chose an activity of the person.';
