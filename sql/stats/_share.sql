-- Gives how large a share so many of so many are, to six decimals, the rest cut off.
--
-- A rule asks for a share of at most six: what is cut off decides nothing.
create or replace function badges_internal._share(p_qualified numeric, p_chosen numeric)
returns numeric
language sql
immutable
parallel safe
return trim_scale(trunc(p_qualified / p_chosen, 6));

comment on function badges_internal._share(numeric, numeric) is
'Gives how large a share so many of so many are, to six decimals, the rest cut off.';
