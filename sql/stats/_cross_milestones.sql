-- Finds the badges whose milestones the given rows have reached, and sets their next thresholds.
--
-- A row remembers the lowest threshold it has not reached, so a row that reached none is done.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._cross_milestones(p_keys badges_internal.stat_key[])
returns badges_internal.candidate[]
language plpgsql
volatile
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_candidates badges_internal.candidate[];
begin
    select array_agg(distinct row(
        held.peer_mentor_id, held.org_id, (crossed.milestone).badge_definition_id,
        null::timestamptz, null::bigint
    )::badges_internal.candidate)
    into v_candidates
    from unnest(p_keys) as key
    join badges.peer_mentor_stats as held
        on held.peer_mentor_id = key.peer_mentor_id
        and held.org_id = key.org_id
        and held.stat = key.stat
        and held.bucket = key.bucket
    cross join lateral badges_internal._reached_measures(held) as reached
    cross join lateral badges_internal._milestones_between(
        held.org_id, held.stat, reached.measure, reached.lowest, reached.value
    ) as crossed;
    perform badges_internal._advance_thresholds(p_keys);
    return v_candidates;
end;
$$;

comment on function badges_internal._cross_milestones(badges_internal.stat_key[]) is
'Finds the badges whose milestones the given rows have reached, and sets their next thresholds.';
