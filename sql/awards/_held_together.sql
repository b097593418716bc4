-- Gives the times at which at least so many of the given parts hold; empty where there are none.
create or replace function badges_internal._held_together(
    p_held tstzmultirange[],
    p_required integer
)
returns tstzmultirange
language sql
immutable
parallel safe
begin atomic
    with edges as (
        select lower(span) as moment, 1 as step
        from unnest(p_held) as held
        cross join lateral unnest(held) as span
        union all
        select upper(span), -1
        from unnest(p_held) as held
        cross join lateral unnest(held) as span
        where not upper_inf(span)
    ),
    counted as (
        select
            moment,
            lead(moment) over (order by moment) as next_moment,
            sum(sum(step)) over (order by moment) as holding
        from edges
        group by moment
    )
    select coalesce(
        range_agg(tstzrange(moment, next_moment)) filter (where holding >= p_required), '{}'
    )
    from counted;
end;

comment on function badges_internal._held_together(tstzmultirange[], integer) is
'Gives the times at which at least so many of the given parts hold; empty where there are none.';
