-- Gives the lowest threshold of a measure above a value, else null.
--
-- p_thresholds: the measure's own of stat_definitions, null = nobody asks for it. A full list may
-- be cut off: above it the milestones tell.
create or replace function badges_internal._next_threshold(
    p_thresholds numeric[],
    p_org_id text,
    p_stat text,
    p_measure text,
    p_value numeric
)
returns numeric
language sql
stable
parallel safe
return case
    when p_thresholds is not null then coalesce(
        p_thresholds[coalesce(width_bucket(p_value, p_thresholds), 0) + 1],
        case when cardinality(p_thresholds) = 100
            then badges_internal._next_milestone(p_org_id, p_stat, p_measure, p_value) end
    )
end;

comment on function badges_internal._next_threshold(numeric[], text, text, text, numeric) is
'Gives the lowest threshold of a measure above a value, else null.';
