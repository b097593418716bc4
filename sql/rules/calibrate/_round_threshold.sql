-- Rounds a value as people write thresholds: the round number not above it, or the next above it.
--
-- Of p_digits digits, or more where values lie closer together: p_spread is the distance from the
-- lowest to the highest. p_is_whole: whole numbers only.
create or replace function badges_internal._round_threshold(
    p_value numeric,
    p_digits integer,
    p_spread numeric,
    p_is_whole boolean,
    p_is_above boolean
)
returns numeric
language sql
immutable
parallel safe
return (
    select trim_scale((floor(p_value / step.size) + p_is_above::integer) * step.size)
    from (
        select greatest(
            10.0 ^ (least(floor(log(p_value)), floor(log(nullif(p_spread, 0)))) - p_digits + 1),
            case when p_is_whole then 1 end
        ) as size
    ) as step
);

comment on function badges_internal._round_threshold(
    numeric, integer, numeric, boolean, boolean
) is
'Rounds a value as people write thresholds: the round number not above it, or the next above it.';
