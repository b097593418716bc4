-- Lists the milestones that a row of the snapshot has reached since its thresholds were set.
--
-- In line where it is called. By one range of the index a measure: of many others none is read.
create or replace function badges_internal._crossed_milestones(p_held badges.peer_mentor_stats)
returns setof badges_internal.milestones
language sql
stable
parallel safe
begin atomic
    select milestone.*
    from badges_internal._reached_measures(p_held) as reached
    cross join lateral (
        select found.*
        from badges_internal.milestones as found
        where found.org_id = p_held.org_id
        and found.stat = p_held.stat
        and found.measure = reached.measure
        and found.threshold > reached.lowest - 1
        and found.threshold <= reached.value
        offset 0
    ) as milestone;
end;

comment on function badges_internal._crossed_milestones(badges.peer_mentor_stats) is
'Lists the milestones that a row of the snapshot has reached since its thresholds were set.';
