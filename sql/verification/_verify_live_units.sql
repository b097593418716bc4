-- Gives the units of streaks that must still live, from when they count, and when to look at them.
--
-- seen_at null: of people whose units count in their own order and for good each unit says all by
-- itself. Of the others there is a row a moment and unit that counts, or is excused, then.
create or replace function badges_internal._verify_live_units(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    number integer,
    measure text,
    grace integer,
    unit_number integer,
    first_day date,
    is_excused boolean,
    from_at timestamptz,
    seen_at timestamptz,
    next_at timestamptz
)
language sql
stable
parallel safe
begin atomic
    with units as materialized (
        select
            unit.peer_mentor_id, unit.number, unit.measure, unit.grace, unit.unit_number,
            unit.first_day, unit.is_excused, unit.until_at,
            greatest(unit.from_at, badges_internal._verify_day_begins(
                unit.first_day, organization.time_zone, organization.day_starts
            )) as from_at,
            bool_or(unit.is_late or unit.until_at is not null or unit.is_excused) over (
                partition by unit.peer_mentor_id, unit.number, unit.measure
            ) as is_unruly
        from (
            select
                each.*,
                coalesce(each.from_at < lag(each.from_at) over (
                    partition by each.peer_mentor_id, each.number, each.measure
                    order by each.unit_number
                ), false) as is_late
            from badges_internal._verify_units(p_scope) as each
        ) as unit
        inner join unnest((p_scope).stats) as stat using (number)
        inner join badges.organizations as organization using (org_id)
        where 'live_run' = any(stat.measures)
    ), moments as (
        select unit.peer_mentor_id, unit.number, unit.measure, edge.at
        from units as unit
        cross join lateral (values (unit.from_at), (unit.until_at)) as edge (at)
        where unit.is_unruly
        and edge.at is not null
        group by 1, 2, 3, 4
    )
    select
        unit.peer_mentor_id, unit.number, unit.measure, unit.grace, unit.unit_number,
        unit.first_day, false, unit.from_at, null, null
    from units as unit
    where not unit.is_unruly
    union all
    (select distinct on (
        unit.peer_mentor_id, unit.number, unit.measure, seen.at, unit.unit_number
    )
        unit.peer_mentor_id, unit.number, unit.measure, unit.grace, unit.unit_number,
        unit.first_day, unit.is_excused, seen.at, seen.at, seen.next_at
    from (
        select
            moment.*,
            lead(moment.at) over (
                partition by moment.peer_mentor_id, moment.number, moment.measure
                order by moment.at
            ) as next_at
        from moments as moment
    ) as seen
    inner join units as unit using (peer_mentor_id, number, measure)
    where unit.from_at <= seen.at
    and (unit.until_at is null or unit.until_at > seen.at)
    order by
        unit.peer_mentor_id, unit.number, unit.measure, seen.at, unit.unit_number,
        unit.is_excused);
end;

comment on function badges_internal._verify_live_units(badges_internal.verified_scope) is
'Gives the units of streaks that must still live, from when they count, and when to look at them.';
