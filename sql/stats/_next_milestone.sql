-- Gives the lowest threshold above a value, whatever it is, by a look at the milestones, else null.
--
-- The first row of the index after a place in it: no statistics lead to another plan. Parameters
-- have the caller's collation, the column of measures the default one.
create or replace function badges_internal._next_milestone(
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
        select badges_internal._waited_threshold(p_measure, next.threshold)
        from (
            select milestone.org_id, milestone.stat, milestone.measure, milestone.threshold
            from badges_internal.milestones as milestone
            where (milestone.org_id, milestone.stat, milestone.measure, milestone.threshold)
                > (p_org_id, p_stat, p_measure collate "default", p_value)
            order by milestone.org_id, milestone.stat, milestone.measure, milestone.threshold
            limit 1
        ) as next
        where (next.org_id, next.stat, next.measure) = (p_org_id, p_stat, p_measure)
    );
end;
$$;

comment on function badges_internal._next_milestone(text, text, text, numeric) is
'Gives the lowest threshold above a value, whatever it is, by a look at the milestones, else null.';
