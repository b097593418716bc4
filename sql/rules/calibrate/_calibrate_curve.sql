-- Chooses round thresholds along a curve, and the two between which a share of the people lies.
--
-- p_values, p_people: how many people have which value, infinity where they reach any threshold;
-- p_total: of how many. points: enough to see the curve. at_least: the highest round threshold that
-- gives p_share or more; at_most: the lowest that gives p_share or less and that somebody reaches.
-- Null where there is none.
create or replace function badges_internal._calibrate_curve(
    p_values numeric[],
    p_people bigint[],
    p_total bigint,
    p_share numeric,
    out points numeric[],
    out at_least numeric,
    out at_most numeric
)
language sql
immutable
begin atomic
    with counted as (
        select
            had.value,
            sum(had.people) over (order by had.value desc) as reaching
        from unnest(p_values, p_people) as had (value, people)
    ),
    steps as (
        select counted.*
        from counted
        where counted.value <> 'infinity'
    ),
    whole as (
        select
            min(steps.value) as lowest, max(steps.value) as highest,
            max(steps.value) - min(steps.value) as spread,
            bool_and(steps.value = trunc(steps.value)) as is_whole,
            max(steps.reaching) as reaching, count(*) as step_count,
            coalesce((
                select counted.reaching from counted where counted.value = 'infinity'
            ), 0) as always
        from steps
    ),
    chosen as (
        select steps.value, 3 as digits
        from steps
        cross join whole
        where whole.step_count <= 24
        union all
        -- The value that so many of those have whom the threshold decides.
        select max(steps.value), 2
        from whole
        cross join unnest(array[
            1, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03,
            0.02, 0.01, 0.005, 0.002, 0.001
        ]) as level (share)
        join steps
            on steps.reaching >= whole.always + level.share * (whole.reaching - whole.always)
        where whole.step_count > 24
        group by level.share
    ),
    sides as (
        select
            max(steps.value) filter (
                where steps.reaching >= p_share * p_total and whole.always < p_share * p_total
            ) as enough,
            max(steps.value) filter (where steps.reaching > p_share * p_total) as too_many
        from steps
        cross join whole
    ),
    rounded as (
        select
            badges_internal._round_threshold(
                sides.enough, 3, whole.spread, whole.is_whole, false
            ) as at_least,
            badges_internal._round_threshold(
                coalesce(sides.too_many, whole.lowest), 3, whole.spread, whole.is_whole,
                sides.too_many is not null
            ) as at_most,
            whole.highest
        from sides
        cross join whole
        where p_share is not null
    ),
    -- The roundest of those between which all give exactly the share.
    exact as (
        select badges_internal._round_threshold(
            rounded.at_least, digits.number, null, whole.is_whole, false
        ) as threshold
        from rounded
        cross join whole
        cross join generate_series(1, 3) as digits (number)
        where badges_internal._round_threshold(
            rounded.at_least, digits.number, null, whole.is_whole, false
        ) >= rounded.at_most
        order by digits.number
        limit 1
    )
    select
        array(
            select distinct badges_internal._round_threshold(
                chosen.value, chosen.digits, whole.spread, whole.is_whole, false
            ) as point
            from chosen
            cross join whole
            order by point
        ),
        (select coalesce(exact.threshold, rounded.at_least) from rounded left join exact on true),
        (
            select coalesce(exact.threshold, rounded.at_most)
            from rounded
            left join exact on true
            where rounded.at_most <= rounded.highest
        );
end;

comment on function badges_internal._calibrate_curve(
    numeric[], bigint[], bigint, numeric
) is
'Chooses round thresholds along a curve, and the two between which a share of the people lies.';
