-- Gives what a sequence has come to by its newest activity, null where there are too few yet.
--
-- p_count, p_qualified, p_lately: with that activity; p_last: the run without it.
create or replace function badges_internal._sequence_value(
    p_sequence text,
    p_size integer,
    p_qualifies integer,
    p_last numeric,
    p_count bigint,
    p_qualified numeric,
    p_lately varbit
)
returns numeric
language sql
immutable
parallel safe
return case
    when p_sequence = 'in_a_row' then (p_last + 1) * p_qualifies
    when p_count < p_size then null
    when p_sequence = 'share' then badges_internal._share(p_qualified, p_count)
    when p_sequence = 'share_of_last' then badges_internal._share(bit_count(p_lately), p_size)
end;

comment on function badges_internal._sequence_value(
    text, integer, integer, numeric, bigint, numeric, varbit
) is
'Gives what a sequence has come to by its newest activity, null where there are too few yet.';
