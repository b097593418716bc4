-- Gives an element's tally by its measure, where its activities give all of them.
create or replace function badges_internal._tally(
    p_measure text,
    p_count bigint,
    p_sum numeric,
    p_maximum numeric,
    p_days bigint
)
returns numeric
language sql
immutable
parallel safe
return case
    when p_measure = 'sum' then p_sum
    when p_measure = 'max' then p_maximum
    when p_measure = 'active_days' then p_days
    else p_count
end;

comment on function badges_internal._tally(text, bigint, numeric, numeric, bigint) is
'Gives an element''s tally by its measure, where its activities give all of them.';
