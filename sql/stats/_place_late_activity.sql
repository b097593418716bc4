-- Places an activity of an earlier day in the days and runs of rows it counts in or excuses in.
--
-- stats, buckets: the rows it counts in, by pairs; those of which it is no day before the last are
-- left alone. Rows of streaks of which it excuses a unit are added. p_pending and result: docs of
-- _place_late_days.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_activity(
    p_new badges_internal.new_activity,
    p_pending bigint[],
    inout stats text[],
    inout buckets text[],
    out has_reached boolean
)
language plpgsql
volatile
as $$
declare
    v_excused record;
begin
    has_reached := badges_internal._place_late_days(array(
        select row(
            held.peer_mentor_id, held.org_id, held.stat, held.bucket, held.last_date, held.run_end,
            array[held.day_run, held.week_run, held.month_run], array[p_new.activity_date],
            array[1], null, null
        )::badges_internal.late_row
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and held.stat = any(stats)
        and held.bucket = any(buckets)
        and held.bucket = buckets[array_position(stats, held.stat)]
        and held.last_date > p_new.activity_date
    ), p_pending);
    v_excused := badges_internal._excuse_units(p_new);
    if v_excused.stats is not null then
        stats := stats || v_excused.stats;
        buckets := buckets || array_fill(''::text, array[cardinality(v_excused.stats)]);
        has_reached := has_reached or v_excused.has_reached;
    end if;
end;
$$;

comment on function badges_internal._place_late_activity(
    badges_internal.new_activity, bigint[], text[], text[]
) is
'Places an activity of an earlier day in the days and runs of rows it counts in or excuses in.';

select badges_internal._join_before_17(
    'badges_internal._place_late_activity(badges_internal.new_activity, bigint[], text[], text[])',
    $listed$
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and held.stat = any(stats)
        and held.bucket = any(buckets)
        and held.bucket = buckets[array_position(stats, held.stat)]
$listed$,
    $joined$
        from unnest(stats) with ordinality as wanted (name, place)
        join badges.peer_mentor_stats as held
            on held.stat = wanted.name
            and held.bucket = buckets[wanted.place]
        where held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and wanted.place = array_position(stats, wanted.name)
$joined$
);
