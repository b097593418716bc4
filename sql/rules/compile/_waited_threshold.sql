-- Gives a threshold as rows of the snapshot wait for it: whole measures for the next whole number.
--
-- In line where it is called.
create or replace function badges_internal._waited_threshold(p_measure text, p_threshold numeric)
returns numeric
language sql
immutable
parallel safe
return case
    when p_measure in ('sum', 'max') then p_threshold
    else least(ceil(p_threshold), 2147483647)
end;

comment on function badges_internal._waited_threshold(text, numeric) is
'Gives a threshold as rows of the snapshot wait for it: whole measures for the next whole number.';
