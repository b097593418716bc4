-- Places a unit of a streak that counts from now on, or no longer, in the runs of its row.
--
-- The newest unit lengthens the last run or begins one, in one statement; an earlier one joins the
-- runs beside it, found by a scan outwards until a gap shows. p_change: by how much the number of
-- units that count changes; -1: the runs are counted anew, 0: a gap beside the unit was excused.
-- Tells whether the row reached something.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._count_unit(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_bucket text,
    p_unit_start date,
    p_change integer
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_unit constant text := p_route.element_unit;
    v_kind constant text := split_part(v_unit, '_', 1);
    -- A run that ends in this unit or a later one goes on, whatever exists or is excused.
    v_goes_on_from constant integer :=
        badges_internal._unit_number(v_unit, p_unit_start) - 1 - coalesce(p_route.grace, 0);
    v_may_be_bridged constant boolean := p_route.unit_calendar is not null
        or p_route.excuse_types is not null;
    v_run integer; -- the run that holds the unit
    v_last_run integer;
    v_longest integer;
    v_run_end date;
    v_keeps_run boolean;
    v_has_reached boolean;
begin
    if p_change > 0 then
        -- Only the runs of the unit are kept: the others are null, and stay so.
        update badges.peer_mentor_stats as held
        set
            distinct_count = distinct_count + 1,
            (
                day_run, week_run, month_run,
                longest_day_run, longest_week_run, longest_month_run
            ) = (
                select
                    day_run * run.goes_on + 1, week_run * run.goes_on + 1,
                    month_run * run.goes_on + 1,
                    greatest(longest_day_run, day_run * run.goes_on + 1),
                    greatest(longest_week_run, week_run * run.goes_on + 1),
                    greatest(longest_month_run, month_run * run.goes_on + 1)
                from (
                    select coalesce(
                        badges_internal._unit_number(v_unit, run_end) >= v_goes_on_from
                        or v_may_be_bridged and badges_internal._goes_on(
                            p_peer_mentor_id, p_org_id, p_route, run_end, p_unit_start
                        ),
                        false
                    )::integer as goes_on
                ) as run
            ),
            run_end = p_unit_start
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = p_route.stat
        and held.bucket = p_bucket
        and (held.run_end < p_unit_start or held.run_end is null)
        returning badges_internal._has_reached(held) into v_has_reached;
        if found then
            return v_has_reached;
        end if;
    end if;
    select
        coalesce(held.longest_day_run, held.longest_week_run, held.longest_month_run),
        held.run_end
    into v_longest, v_run_end
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_route.stat
    and held.bucket = p_bucket;
    v_keeps_run := v_longest is not null;
    if p_change < 0 then
        select change.unit_run, change.longest_unit_run, change.run_end
        into v_last_run, v_longest, v_run_end
        from unnest(badges_internal._add_unit_runs(array[row(
            p_peer_mentor_id, p_org_id, p_route.stat, p_bucket, v_unit, -1, null, null, null
        )::badges_internal.element_change])) as change;
    elsif v_keeps_run then
        select around.run_length, case when around.is_last then around.run_length end
        into v_run, v_last_run
        from badges_internal._units_around(
            p_peer_mentor_id, p_org_id, p_route, p_bucket, p_unit_start
        ) as around;
        v_longest := greatest(v_longest, v_run);
    end if;
    if not v_keeps_run then
        v_last_run := null;
        v_longest := null;
    end if;
    update badges.peer_mentor_stats as held
    set
        distinct_count = distinct_count + p_change,
        day_run = case when v_kind = 'day' then coalesce(v_last_run, day_run) else day_run end,
        week_run = case when v_kind = 'week' then coalesce(v_last_run, week_run) else week_run end,
        month_run = case when v_kind = 'month' then coalesce(v_last_run, month_run)
            else month_run end,
        longest_day_run = case when v_kind = 'day' then v_longest else longest_day_run end,
        longest_week_run = case when v_kind = 'week' then v_longest else longest_week_run end,
        longest_month_run = case when v_kind = 'month' then v_longest else longest_month_run end,
        run_end = v_run_end
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_route.stat
    and held.bucket = p_bucket
    returning badges_internal._has_reached(held) into v_has_reached;
    return v_has_reached;
end;
$$;

comment on function badges_internal._count_unit(
    uuid, text, badges_internal.stat_route, text, date, integer
) is
'Places a unit of a streak that counts from now on, or no longer, in the runs of its row.';
