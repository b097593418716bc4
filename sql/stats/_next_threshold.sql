-- Gives the lowest threshold above a value that a milestone of the stat waits for, else null.
create or replace function badges_internal._next_threshold(
    p_org_id text,
    p_stat text,
    p_measure text,
    p_value numeric
)
returns numeric
language plpgsql
stable
parallel safe
as $$
begin
    return (
        select milestone.threshold
        from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id
        and milestone.stat = p_stat
        and milestone.measure = p_measure
        and milestone.threshold > coalesce(p_value, 0)
        order by milestone.threshold
        limit 1
    );
end;
$$;

comment on function badges_internal._next_threshold(text, text, text, numeric) is
'Gives the lowest threshold above a value that a milestone of the stat waits for, else null.';
