-- Places changed units in the runs of per_unit streaks, and tells the badges now in reach.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_unit_runs(
    p_changes badges_internal.element_change[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
begin
    if p_changes is null then
        return null;
    end if;
    update badges.peer_mentor_stats as held
    set
        day_run = case when change.element_unit = 'day' and held.day_run is not null
            then change.unit_run else held.day_run end,
        week_run = case when change.element_unit like 'week%' and held.week_run is not null
            then change.unit_run else held.week_run end,
        month_run = case when change.element_unit = 'month' and held.month_run is not null
            then change.unit_run else held.month_run end,
        longest_day_run = case when change.element_unit = 'day' and held.day_run is not null
            then change.longest_unit_run else held.longest_day_run end,
        longest_week_run = case when change.element_unit like 'week%' and held.week_run is not null
            then change.longest_unit_run else held.longest_week_run end,
        longest_month_run = case when change.element_unit = 'month' and held.month_run is not null
            then change.longest_unit_run else held.longest_month_run end,
        run_end = change.run_end
    from unnest(badges_internal._add_unit_runs(p_changes)) as change
    where held.peer_mentor_id = change.peer_mentor_id
    and held.org_id = change.org_id
    and held.stat = change.stat
    and held.bucket = change.bucket;
    return badges_internal._cross_milestones(array(
        select row(change.peer_mentor_id, change.org_id, change.stat, change.bucket)
            ::badges_internal.stat_key
        from unnest(p_changes) as change
    ));
end;
$$;

comment on function badges_internal._place_unit_runs(badges_internal.element_change[]) is
'Places changed units in the runs of per_unit streaks, and tells the badges now in reach.';
