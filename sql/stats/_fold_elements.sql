-- Gives the part of the fold's statement that tallies values and units and writes them.
--
-- changed: by how much the number of elements that count changes in each row of the snapshot.
-- excused: streaks of which activities excuse a unit.
create or replace function badges_internal._fold_elements()
returns text
language sql
immutable
parallel safe
return $statement$
-- Element by element: the tally that will stand.
tallied as (
    select
        counted.cell, person.peer_mentor_id, person.org_id, stats.stat, counted.bucket,
        counted.element, stats.element_unit, stats.element_at_least, counted.first_at,
        held.element is not null as is_held,
        coalesce(held.is_counted, false) as was_counted,
        case
            when stats.element_at_least is null then null
            when stats.element_measure = 'max' then greatest(held.tally, counted.element_max)
            -- Days are no sum: the unit's own activities tell how many there are.
            when stats.element_measure = 'active_days' and held.element is not null then (
                select count(distinct found.activity_date)
                from badges_internal._selected_activities(
                    array[person.peer_mentor_id], person.org_id, stats.stat, counted.bucket,
                    counted.element::date,
                    badges_internal._unit_day(stats.element_unit, badges_internal._unit_number(
                        stats.element_unit, counted.element::date
                    ) + 1) - 1
                ) as found
            )
            when stats.element_measure = 'active_days' then counted.day_count
            when held.tally is null then counted.element_sum
            else held.tally + coalesce(counted.element_sum, 0)
        end as tally
    from (
        select
            cell, bucket, element,
            count(*) as day_count,
            sum(element_sum) as element_sum,
            max(element_max) as element_max,
            min(first_at) as first_at
        from parts
        where element is not null
        group by cell, bucket, element
    ) as counted
    join people as person on person.person_no = (counted.cell >> 20)
    join stats on stats.stat_no = (counted.cell & 1048575)
    left join lateral (
        select own.*
        from badges_internal.stat_elements as own
        where person.is_known
        and own.peer_mentor_id = person.peer_mentor_id
        and own.org_id = person.org_id
        and own.stat = stats.stat
        and own.bucket = counted.bucket
        and own.element = counted.element
        offset 0
    ) as held on true
),
decided as materialized (
    select
        tallied.*,
        element_at_least is null or coalesce(tally >= element_at_least, false) as is_counted
    from tallied
    where element_at_least is not null or not is_held
),
-- What does not stand is looked for no second time: nobody else writes elements of these people.
begun_elements as (
    insert into badges_internal.stat_elements (
        peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
    )
    select peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
    from decided where not is_held order by cell
),
written_elements as (
    insert into badges_internal.stat_elements (
        peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
    )
    select peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
    from decided where is_held order by cell
    on conflict (peer_mentor_id, org_id, stat, bucket, element)
    do update set tally = excluded.tally, is_counted = excluded.is_counted
),
changed as materialized (
    select cell, bucket, element_unit, sum(is_counted::integer - was_counted::integer) as delta
    from decided
    where is_counted <> was_counted
    group by cell, bucket, element_unit
),
-- Of streaks of which nothing but what excuses changed.
excused as (
    select array_agg(distinct row(
        person.peer_mentor_id, person.org_id, wanted.stat, '', wanted.element_unit, 0, null, null,
        null
    )::badges_internal.element_change) as changes
    from arrived as a
    join wanted
        on wanted.org_id = a.org_id
        and wanted.activity_type = a.activity_type
        and wanted.activity_type = any(wanted.excuse_types)
    join people as person on person.person_no = a.person_no
    where badges_internal._is_chosen(
        wanted.excuse, wanted.excuse_needs_quantity, wanted.unit_calendar is not null, null,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
    and a.person_no * 1048576::bigint + wanted.stat_no not in (select changed.cell from changed)
),
$statement$;

comment on function badges_internal._fold_elements() is
'Gives the part of the fold''s statement that tallies values and units and writes them.';
