-- Tells when each element of a stat (value, calendar unit, active day) first counted.
--
-- p_unit: day, week or month for runs and active days over all selected activities; null for the
-- stat's own elements. p_states, p_until: docs of _parted_activities.
create or replace function badges_internal._qualified_elements(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_unit text,
    p_states badges_internal.condition_state[],
    p_until date default null
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
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_org_id, p_stat)).route;
begin
    if p_unit is not null or v_route.element_at_least is null then
        return query
        select distinct on (found.peer_mentor_id, found.bucket, named.element)
            found.peer_mentor_id, found.bucket, named.element, found.occurred_at,
            found.activity_id
        from badges_internal._parted_activities(
            p_peer_mentor_ids, p_org_id, p_stat, p_states, p_until
        ) as found
        cross join lateral (
            select case
                when p_unit is null then found.element
                else badges_internal._unit_key(p_unit, found.activity_date)
            end as element
        ) as named
        where named.element is not null
        order by
            found.peer_mentor_id, found.bucket, named.element, found.occurred_at,
            found.activity_id desc;
        return;
    end if;
    return query
    select distinct on (tallied.peer_mentor_id, tallied.bucket, tallied.element)
        tallied.peer_mentor_id, tallied.bucket, tallied.element, tallied.occurred_at,
        tallied.activity_id
    from (
        select
            found.*,
            case
                when v_route.element_measure = 'active_days'
                    then sum(found.is_new_day::integer) over so_far
                when v_route.element_measure = 'max' then max(found.element_measured) over so_far
                else sum(found.element_measured) over so_far
            end as tally
        from (
            select
                selected.*,
                row_number() over (
                    partition by
                        selected.peer_mentor_id, selected.bucket, selected.activity_date
                    order by selected.occurred_at, selected.activity_id
                ) = 1 as is_new_day
            from badges_internal._parted_activities(
                p_peer_mentor_ids, p_org_id, p_stat, p_states, p_until
            ) as selected
            where selected.element is not null
        ) as found
        window so_far as (
            partition by found.peer_mentor_id, found.bucket, found.element
            order by found.occurred_at
        )
    ) as tallied
    where tallied.tally >= v_route.element_at_least
    order by
        tallied.peer_mentor_id, tallied.bucket, tallied.element, tallied.occurred_at,
        tallied.activity_id desc;
end;
$$;

comment on function badges_internal._qualified_elements(
    uuid[], text, text, text, badges_internal.condition_state[], date
) is
'Tells when each element of a stat (value, calendar unit, active day) first counted.';
