-- Adds the day of one late activity to the active days and runs of the rows that it counts in.
--
-- p_stats, p_buckets: the rows, by pairs; those of which it is no day before the last are left
-- alone. p_pending and result: docs of _place_late_days.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_one_day(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_buckets text[],
    p_day date,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
begin
    return badges_internal._place_late_days(array(
        select row(
            p_peer_mentor_id, p_org_id, held.stat, held.bucket, held.last_date, held.run_end,
            array[held.day_run, held.week_run, held.month_run], array[p_day], array[1], null, null
        )::badges_internal.late_row
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = any(p_stats)
        and held.bucket = any(p_buckets)
        and held.bucket = p_buckets[array_position(p_stats, held.stat)]
        and held.last_date > p_day
    ), p_pending);
end;
$$;

comment on function badges_internal._place_one_day(
    uuid, text, text[], text[], date, bigint[]
) is
'Adds the day of one late activity to the active days and runs of the rows that it counts in.';
