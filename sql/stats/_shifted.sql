-- Adds a bit at the end of at most so many, the oldest ones going.
create or replace function badges_internal._shifted(p_bits varbit, p_bit varbit, p_size integer)
returns varbit
language sql
immutable
parallel safe
return substring(p_bits || p_bit from greatest(length(p_bits) + 2 - p_size, 1));

comment on function badges_internal._shifted(varbit, varbit, integer) is
'Adds a bit at the end of at most so many, the oldest ones going.';
