-- Adds new days before the last one, and their runs, to rows; tells if one reached enough.
--
-- p_placed: what _place_late_day found, dates the new ones. p_has_looked: the base rows among them
-- note that the table was looked at.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._write_late_days(
    p_placed badges_internal.late_row[],
    p_has_looked boolean
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_row_reached boolean;
    v_has_reached boolean := false;
begin
    for v_row_reached in
        update badges.peer_mentor_stats as held
        set
            active_days = active_days + cardinality(placed.dates),
            day_run = coalesce(placed.new_runs[1], day_run),
            week_run = coalesce(placed.new_runs[2], week_run),
            month_run = coalesce(placed.new_runs[3], month_run),
            longest_day_run = greatest(longest_day_run, placed.longest_runs[1]),
            longest_week_run = greatest(longest_week_run, placed.longest_runs[2]),
            longest_month_run = greatest(longest_month_run, placed.longest_runs[3]),
            run_end = held.last_date,
            counted_in = case when placed.stat = '*' and p_has_looked
                then pg_current_xact_id() else counted_in end,
            counted_upto = case when placed.stat = '*' and p_has_looked
                then badges_internal._last_activity_id() else counted_upto end
        from unnest(p_placed) as placed
        -- The caller holds these rows: each is where it was read, and is not looked for by key.
        where held.ctid = placed.place
        returning badges_internal._has_reached(held)
    loop
        v_has_reached := v_has_reached or v_row_reached is true;
    end loop;
    return v_has_reached;
end;
$$;

comment on function badges_internal._write_late_days(badges_internal.late_row[], boolean) is
'Adds new days before the last one, and their runs, to rows; tells if one reached enough.';
