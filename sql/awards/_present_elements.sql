-- Lists the elements of a stat that count at each moment at which one changed, units numbered.
--
-- p_unit: of a run, null = values. Units that are excused at the moment and do not count are left
-- out of the numbers, as are those that do not exist for the streak.
create or replace function badges_internal._present_elements(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_unit text
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    moment timestamptz,
    next_moment timestamptz,
    number bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with elements as materialized (
        select each.*
        from badges_internal._numbered_elements(
            p_peer_mentor_ids, p_org_id, p_stat, p_unit
        ) as each
    ),
    moments as (
        select
            edge.*,
            lead(edge.moment) over (
                partition by edge.peer_mentor_id, edge.bucket order by edge.moment
            ) as next_moment
        from (
            select elements.peer_mentor_id, elements.bucket, lower(span) as moment
            from elements
            cross join lateral unnest(elements.held_during) as span
            union
            select elements.peer_mentor_id, elements.bucket, upper(span)
            from elements
            cross join lateral unnest(elements.held_during) as span
            where not upper_inf(span)
        ) as edge
    ),
    present as (
        select
            moments.peer_mentor_id, moments.bucket, moments.moment, moments.next_moment,
            elements.element, elements.number as place, bool_or(elements.counts) as counts
        from moments
        join elements
            on elements.peer_mentor_id = moments.peer_mentor_id
            and elements.bucket = moments.bucket
            and elements.held_during @> moments.moment
        group by 1, 2, 3, 4, 5, 6
    )
    select
        unit.peer_mentor_id, unit.bucket, unit.moment, unit.next_moment, unit.number
    from (
        select
            present.*,
            present.place - count(*) filter (where not present.counts) over (
                partition by present.peer_mentor_id, present.bucket, present.moment
                order by present.place
            ) as number
        from present
    ) as unit
    where unit.counts;
end;
$$;

comment on function badges_internal._present_elements(uuid[], text, text, text) is
'Lists the elements of a stat that count at each moment at which one changed, units numbered.';
