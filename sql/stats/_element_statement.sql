-- Gives the statement that counts the elements (values, units) of a relation's activities.
--
-- Same p_source and parameters as _fold_statement. Result: the changes of the stats' distinct
-- counts, as badges_internal.element_change[] without the runs.
create or replace function badges_internal._element_statement(
    p_source text,
    p_stats text default '$1'
)
returns text
language sql
immutable
parallel safe
return replace(replace($statement$
with
wanted as materialized (
    select *
    from badges_internal._wanted_stats(
        array(select distinct row(a.org_id, a.activity_type)::badges_internal.activity_kind
              from {source} as a),
        {stats}
    )
    where (element_field is not null or element_unit is not null)
    and rolling_days is null
),
picked as (
    select
        a.peer_mentor_id,
        a.org_id,
        wanted.stat,
        case
            when wanted.per_field is null and wanted.window_unit is null then ''
            else badges_internal._bucket(
                wanted.per_field, wanted.window_unit, a.attributes, a.quantity, a.activity_date
            )
        end as bucket,
        wanted.element_unit,
        wanted.element_measure,
        wanted.element_at_least,
        case
            when wanted.element_unit is not null
                then to_char(
                    badges_internal._unit_start(wanted.element_unit, a.activity_date)::timestamp,
                    'YYYY-MM-DD'
                )
            else badges_internal._scalar_text(
                badges_internal._attribute(a.attributes, a.quantity, wanted.element_field)
            )
        end as element,
        case
            when wanted.element_measure in ('sum', 'max') then case
                when wanted.element_value_field is null then a.quantity
                else badges_internal._number(badges_internal._attribute(
                    a.attributes, a.quantity, wanted.element_value_field
                ))
            end
            else 1
        end as measured
    from {source} as a
    join wanted on wanted.org_id = a.org_id and wanted.activity_type = a.activity_type
    where badges_internal._is_chosen(
        wanted.predicate, wanted.needs_quantity, wanted.needs_calendar, wanted.clock_zone,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
),
tallied as (
    select
        peer_mentor_id, org_id, stat, bucket, element, element_unit, element_measure,
        element_at_least,
        case when element_measure = 'max' then max(measured) else sum(measured) end as tally
    from picked
    where element is not null
    and bucket is not null
    group by
        peer_mentor_id, org_id, stat, bucket, element, element_unit, element_measure,
        element_at_least
),
compared as (
    select
        tallied.*,
        held.element is not null as is_held,
        coalesce(held.is_counted, false) as was_counted,
        case
            when tallied.element_at_least is null then null
            when tallied.element_measure = 'max' then greatest(held.tally, tallied.tally)
            -- Days are no sum: the unit's own activities tell how many there are.
            when tallied.element_measure = 'active_days' then (
                select count(distinct found.activity_date)
                from badges_internal._selected_activities(
                    array[tallied.peer_mentor_id], tallied.org_id, tallied.stat, tallied.bucket,
                    tallied.element::date,
                    badges_internal._unit_day(tallied.element_unit, badges_internal._unit_number(
                        tallied.element_unit, tallied.element::date
                    ) + 1) - 1
                ) as found
            )
            when held.tally is null then tallied.tally
            else held.tally + coalesce(tallied.tally, 0)
        end as new_tally
    from tallied
    left join badges_internal.stat_elements as held
        on held.peer_mentor_id = tallied.peer_mentor_id
        and held.org_id = tallied.org_id
        and held.stat = tallied.stat
        and held.bucket = tallied.bucket
        and held.element = tallied.element
),
decided as materialized (
    select
        compared.*,
        element_at_least is null or coalesce(new_tally >= element_at_least, false) as is_counted
    from compared
    where element_at_least is not null or not is_held
),
written as (
    insert into badges_internal.stat_elements (
        peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
    )
    select peer_mentor_id, org_id, stat, bucket, element, new_tally, is_counted
    from decided
    on conflict (peer_mentor_id, org_id, stat, bucket, element) do update set
        tally = excluded.tally,
        is_counted = excluded.is_counted
)
select array_agg(
    row(peer_mentor_id, org_id, stat, bucket, element_unit, delta, null, null, null)
        ::badges_internal.element_change
)
from (
    select
        peer_mentor_id, org_id, stat, bucket, element_unit,
        sum(is_counted::integer - was_counted::integer) as delta
    from decided
    where is_counted <> was_counted
    group by peer_mentor_id, org_id, stat, bucket, element_unit
) as changed
$statement$, '{source}', p_source), '{stats}', p_stats);

comment on function badges_internal._element_statement(text, text) is
'Gives the statement that counts the elements (values, units) of a relation''s activities.';
