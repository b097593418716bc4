-- Gives the times at which the weights of what holds come to enough; empty where they never do.
create or replace function badges_internal._enough_together(
    p_held tstzmultirange[],
    p_weights numeric[],
    p_enough numeric
)
returns tstzmultirange
language sql
immutable
parallel safe
begin atomic
    with spans as (
        select span, each.weight
        from unnest(p_held, p_weights) as each (held, weight)
        cross join lateral unnest(each.held) as span
    ),
    edges as (
        select lower(span) as moment, weight as step
        from spans
        union all
        select upper(span), -weight
        from spans
        where not upper_inf(span)
    ),
    added as (
        select
            moment,
            lead(moment) over (order by moment) as next_moment,
            sum(sum(step)) over (order by moment) as weight
        from edges
        group by moment
    )
    select coalesce(
        range_agg(tstzrange(moment, next_moment)) filter (where weight >= p_enough), '{}'
    )
    from added;
end;

comment on function badges_internal._enough_together(tstzmultirange[], numeric[], numeric) is
'Gives the times at which the weights of what holds come to enough; empty where they never do.';
