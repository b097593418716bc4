-- Changes one row of the snapshot, as if it were counted anew after activities of it were changed.
--
-- A row without activities goes, and so do its elements. False: the row must be rebuilt. It reaches
-- a threshold or may date an award earlier; or it cannot be what it must be with what the table
-- holds, since other statements have changed that and are not counted yet.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._change_row(p_part badges_internal.changed_part)
returns boolean
language plpgsql
volatile
as $$
declare
    v_left badges_internal.held_stat;
    v_gone_days date[];
    v_change badges_internal.element_change;
    v_unit integer;
begin
    if (p_part.held).activity_count = p_part.gone_count and p_part.come_count = 0 then
        delete from badges_internal.stat_elements as element
        where element.peer_mentor_id = p_part.peer_mentor_id
        and element.org_id = p_part.org_id
        and element.stat = p_part.stat
        and element.bucket = p_part.bucket;
        delete from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_part.peer_mentor_id
        and held.org_id = p_part.org_id
        and held.stat = p_part.stat
        and held.bucket = p_part.bucket;
        return true;
    end if;
    v_left := badges_internal._changed_values(p_part);
    if v_left.last_date is not null and p_part.is_in_place is not true then
        v_gone_days := array(
            select gone.day
            from unnest(p_part.days) as gone (day)
            where not exists (
                select
                from badges_internal._part_activities(p_part, gone.day, gone.day)
            )
        );
        if v_gone_days <> '{}' then
            v_left := badges_internal._days_without(p_part, v_left, v_gone_days);
        end if;
    end if;
    if p_part.elements is not null then
        v_change := badges_internal._change_elements(p_part);
        v_left.distinct_count := v_left.distinct_count + v_change.distinct_delta;
        if v_change.unit_run is not null then
            v_unit := array_position(
                array['day', 'week', 'month'], split_part(v_change.element_unit, '_', 1)
            );
            v_left.runs[v_unit] := v_change.unit_run;
            v_left.longest_runs[v_unit] := v_change.longest_unit_run;
            v_left.run_end := v_change.run_end;
        end if;
    end if;
    if v_left.active_days > v_left.activity_count or v_left.distinct_count < 0
        or (
            v_left.value_sum > (p_part.held).value_sum
            or v_left.value_max is distinct from (p_part.held).value_max
            or p_part.elements is not null
        ) and p_part.come_count > 0 and badges_internal._may_date_earlier(p_part)
    then
        return false;
    end if;
    return badges_internal._write_row(p_part, v_left);
end;
$$;

comment on function badges_internal._change_row(badges_internal.changed_part) is
'Changes one row of the snapshot, as if it were counted anew after activities of it were changed.';
