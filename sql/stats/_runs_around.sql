-- Measures the day, week and month runs around a day that a row of the snapshot did not have.
--
-- p_before, p_after: the row's days beside it, null = none within a month; p_held_runs: the row's
-- last runs, null = not kept. A unit is new when neither neighbour lies in it; only where one lies
-- in the next unit is a run read on, up to the first gap or to the run that the row has. lengths:
-- of the runs around new units, by unit; last: of those that became the row's last run.
create or replace function badges_internal._runs_around(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_hidden bigint[], -- activities that are not seen
    p_day date,
    p_before date,
    p_after date,
    p_run_end date,
    p_held_runs integer[],
    out lengths integer[],
    out last integer[]
)
language plpgsql
volatile
as $$
declare
    v_units constant text[] := '{day,week,month}';
    v_unit text;
    v_number integer;
    v_before integer;
    v_after integer;
    v_held_first integer;
    v_length integer;
begin
    lengths := array[null, null, null]::integer[];
    last := lengths;
    for v_place in 1 .. 3 loop
        v_unit := v_units[v_place];
        v_number := badges_internal._unit_number(v_unit, p_day);
        v_before := badges_internal._unit_number(v_unit, p_before);
        v_after := badges_internal._unit_number(v_unit, p_after);
        continue when p_held_runs[v_place] is null
            or v_before = v_number or v_after = v_number;
        v_length := 1;
        if v_before = v_number - 1 then
            v_length := 1 + badges_internal._run_length(
                p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, p_hidden, v_unit,
                v_number, -1
            );
        end if;
        if v_after = v_number + 1 then
            v_held_first := badges_internal._unit_number(v_unit, p_run_end)
                - p_held_runs[v_place] + 1;
            v_after := v_number + badges_internal._run_length(
                p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, p_hidden, v_unit,
                v_number, 1, v_held_first
            );
            v_length := v_length + v_after - v_number;
            if v_after = v_held_first then
                v_length := v_length + p_held_runs[v_place] - 1;
                last[v_place] := v_length;
            end if;
        end if;
        lengths[v_place] := v_length;
    end loop;
end;
$$;

comment on function badges_internal._runs_around(
    uuid, text, text[], badges_internal.stat_route, text, bigint[], date, date, date, date,
    integer[]
) is
'Measures the day, week and month runs around a day that a row of the snapshot did not have.';
