-- Lists the milestones that a row of the snapshot has reached since its thresholds were set.
--
-- In line where it is called.
create or replace function badges_internal._crossed_milestones(p_held badges.peer_mentor_stats)
returns setof badges_internal.milestones
language sql
stable
parallel safe
begin atomic
    select milestone.*
    from badges_internal._reached_measures(p_held) as reached
    cross join lateral badges_internal._milestones_between(
        p_held.org_id, p_held.stat, reached.measure, reached.lowest, reached.value
    ) as milestone;
end;

comment on function badges_internal._crossed_milestones(badges.peer_mentor_stats) is
'Lists the milestones that a row of the snapshot has reached since its thresholds were set.';
