-- Tells when each element of a stat (value, calendar unit, active day) first counted.
--
-- p_unit: day, week or month for runs and active days over all selected activities; null for the
-- stat's own elements.
create or replace function badges_internal._qualified_elements(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_unit text
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    element text,
    counted_at timestamptz,
    activity_id bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route badges_internal.stat_route;
begin
    select (defined.route).*
    into v_route
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_org_id
    and defined.stat = p_stat;
    return query
    with selected as (
        select
            found.peer_mentor_id,
            found.bucket,
            case
                when p_unit is not null
                    then badges_internal._unit_start(p_unit, found.activity_date)::text
                else found.element
            end as element,
            found.occurred_at,
            found.activity_id,
            found.element_measured
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null, null, null
        ) as found
    ),
    tallied as (
        select
            selected.*,
            case
                when p_unit is not null or v_route.element_at_least is null then 1
                when v_route.element_measure = 'max'
                    then max(selected.element_measured) over so_far
                else sum(selected.element_measured) over so_far
            end as tally
        from selected
        where selected.element is not null
        window so_far as (
            partition by selected.peer_mentor_id, selected.bucket, selected.element
            order by selected.occurred_at
        )
    )
    select distinct on (tallied.peer_mentor_id, tallied.bucket, tallied.element)
        tallied.peer_mentor_id, tallied.bucket, tallied.element, tallied.occurred_at,
        tallied.activity_id
    from tallied
    where tallied.tally >= case
        when p_unit is null then coalesce(v_route.element_at_least, 1) else 1
    end
    order by
        tallied.peer_mentor_id, tallied.bucket, tallied.element, tallied.occurred_at,
        tallied.activity_id desc;
end;
$$;

comment on function badges_internal._qualified_elements(uuid[], text, text, text) is
'Tells when each element of a stat (value, calendar unit, active day) first counted.';
