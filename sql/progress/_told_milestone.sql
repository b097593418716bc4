-- Gives a milestone with the measure that it is about; that of a badge that lapses says lapse.
--
-- lapse_measure is left as it is: where it is not null, what there is now counts.
create or replace function badges_internal._told_milestone(p_milestone badges_internal.milestones)
returns badges_internal.milestones
language sql
stable
return case
    when (p_milestone).lapse_measure is null then p_milestone
    else jsonb_populate_record(
        p_milestone, jsonb_build_object('measure', (p_milestone).lapse_measure)
    )
end;

comment on function badges_internal._told_milestone(badges_internal.milestones) is
'Gives a milestone with the measure that it is about; that of a badge that lapses says lapse.';
