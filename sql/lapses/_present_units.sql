-- Lists units of people's streaks, those that counted or were excused, as they were together.
--
-- moment null: each of a person's units came in its own order and for good, so that those before
-- it were there when it came; since tells when. Of people who are odd there is a row a moment and
-- unit.
create or replace function badges_internal._present_units(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_unit text,
    p_from date
)
returns table (
    peer_mentor_id uuid,
    first_day date,
    number integer,
    counts boolean,
    since timestamptz,
    moment timestamptz,
    next_moment timestamptz
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with units as materialized (
        select each.*, bool_or(each.is_odd) over (partition by each.peer_mentor_id) as is_looked_at
        from badges_internal._run_units(
            p_peer_mentor_ids, p_org_id, p_stat, p_unit, p_from
        ) as each
        where not isempty(each.held_during)
    ),
    moments as (
        select
            bound.peer_mentor_id, bound.moment,
            lead(bound.moment) over (
                partition by bound.peer_mentor_id order by bound.moment
            ) as next_moment
        from (
            select distinct units.peer_mentor_id, edge.moment
            from units
            cross join lateral unnest(units.held_during) as span
            cross join lateral (values (lower(span)), (upper(span))) as edge (moment)
            where units.is_looked_at
            and edge.moment is not null
        ) as bound
    )
    select distinct on (units.peer_mentor_id, moments.moment, units.number)
        units.peer_mentor_id, units.first_day, units.number, units.counts,
        coalesce(moments.moment, lower(units.held_during)), moments.moment, moments.next_moment
    from units
    left join moments
        on units.is_looked_at
        and moments.peer_mentor_id = units.peer_mentor_id
        and units.held_during @> moments.moment
    where moments.moment is not null
    or not units.is_looked_at
    order by units.peer_mentor_id, moments.moment, units.number, units.counts desc;
end;
$$;

comment on function badges_internal._present_units(uuid[], text, text, text, date) is
'Lists units of people''s streaks, those that counted or were excused, as they were together.';
