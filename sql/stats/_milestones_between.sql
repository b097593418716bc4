-- Lists the milestones of a stat's measure that a value has reached, from a threshold on.
--
-- p_lowest: that threshold, rounded up for whole measures: its milestone lies less than one below.
-- In line where it is called: one range of the index, and of many others none is read. Whole rows:
-- their columns, one by one, would be set up at each step of the plan.
create or replace function badges_internal._milestones_between(
    p_org_id text,
    p_stat text,
    p_measure text,
    p_lowest numeric,
    p_value numeric
)
returns table (milestone badges_internal.milestones, next_threshold numeric)
language sql
stable
parallel safe
begin atomic
    select found, found.next_threshold
    from badges_internal.milestones as found
    where found.org_id = p_org_id
    and found.stat = p_stat
    and found.measure = p_measure
    and found.threshold > p_lowest - 1
    and found.threshold <= p_value
    offset 0;
end;

comment on function badges_internal._milestones_between(text, text, text, numeric, numeric) is
'Lists the milestones of a stat''s measure that a value has reached, from a threshold on.';
