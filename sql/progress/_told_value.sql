-- Gives what of a measured value counts towards a target.
--
-- Of a badge that lapses what there is now; of a run that was never long enough the one that is
-- alive; else the best there was.
create or replace function badges_internal._told_value(
    p_measure text,
    p_target numeric,
    p_value numeric,
    p_present numeric,
    p_may_lapse boolean
)
returns numeric
language sql
immutable
parallel safe
return case
    when p_may_lapse or p_measure like '%run' and p_value < p_target then p_present
    else p_value
end;

comment on function badges_internal._told_value(text, numeric, numeric, numeric, boolean) is
'Gives what of a measured value counts towards a target.';
