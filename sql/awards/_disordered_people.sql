-- Gives those people whose units of a streak did not count, or were excused, in their own order.
create or replace function badges_internal._disordered_people(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        with counted as materialized (
            select element.peer_mentor_id, element.bucket, element.element, element.counted_at
            from badges_internal._qualified_elements(
                p_peer_mentor_ids, p_org_id, p_stat, null, null
            ) as element
        )
        select distinct ordered.peer_mentor_id
        from (
            select
                unit.peer_mentor_id,
                unit.moment < lag(unit.moment) over (
                    partition by unit.peer_mentor_id, unit.bucket
                    order by unit.element
                ) as is_disordered
            from (
                select counted.peer_mentor_id, counted.bucket, counted.element, counted.counted_at
                from counted
                union all
                select excused.peer_mentor_id, '', excused.element, excused.excused_at
                from badges_internal._excused_elements(
                    p_peer_mentor_ids, p_org_id,
                    (badges_internal._stat_definition(p_org_id, p_stat)).route
                ) as excused
                where not exists (
                    select
                    from counted
                    where counted.peer_mentor_id = excused.peer_mentor_id
                    and counted.element = excused.element
                )
            ) as unit (peer_mentor_id, bucket, element, moment)
        ) as ordered
        where ordered.is_disordered
    );
end;
$$;

comment on function badges_internal._disordered_people(uuid[], text, text) is
'Gives those people whose units of a streak did not count, or were excused, in their own order.';
