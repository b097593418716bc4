-- Changes the elements of a row, and tells what that changes in the row.
--
-- A tally is read anew only where the numbers do not tell what is left.
--
-- Writes: badges_internal.stat_elements.
create or replace function badges_internal._change_elements(p_part badges_internal.changed_part)
returns badges_internal.element_change
language plpgsql
volatile
as $$
declare
    v_route constant badges_internal.stat_route := p_part.route;
    v_measure constant text := case
        when v_route.element_at_least is not null then v_route.element_measure end;
    v_change badges_internal.element_change := row(
        p_part.peer_mentor_id, p_part.org_id, p_part.stat, p_part.bucket, v_route.element_unit, 0,
        null, null, null
    );
    v_changed badges_internal.changed_element;
    v_tally numeric;
    v_was_counted boolean;
    v_is_counted boolean;
    v_is_left boolean;
    v_moved text[]; -- elements that count now, or no longer
    v_run_length integer;
    v_is_last boolean;
begin
    foreach v_changed in array p_part.elements loop
        select element.tally, element.is_counted
        into v_tally, v_was_counted
        from badges_internal.stat_elements as element
        where element.peer_mentor_id = p_part.peer_mentor_id
        and element.org_id = p_part.org_id
        and element.stat = p_part.stat
        and element.bucket = p_part.bucket
        and element.element = v_changed.element;
        v_tally := case
            when v_measure = 'count'
                then coalesce(v_tally, 0) - v_changed.gone_count + v_changed.come_count
            when v_measure = 'sum'
                then v_tally - coalesce(v_changed.gone_sum, 0) + coalesce(v_changed.come_sum, 0)
            when v_measure = 'max' and v_changed.come_max >= v_tally then v_changed.come_max
            when v_measure = 'max' and (v_changed.gone_max < v_tally) is not false then v_tally
        end;
        v_is_left := v_tally <> 0
            or v_measure is null and v_changed.come_count > 0
            or v_measure = 'max' and v_tally is not null
            or v_measure = 'sum' and v_tally + v_changed.come_sum is not null;
        if v_is_left is not true and v_measure is distinct from 'count' then
            select anew.is_left, anew.tally
            into v_is_left, v_tally
            from badges_internal._element_anew(p_part, v_changed.element, v_measure) as anew;
        end if;
        v_was_counted := coalesce(v_was_counted, false);
        v_is_counted := v_is_left
            and (v_measure is null or coalesce(v_tally >= v_route.element_at_least, false));
        if not v_is_left then
            delete from badges_internal.stat_elements as element
            where element.peer_mentor_id = p_part.peer_mentor_id
            and element.org_id = p_part.org_id
            and element.stat = p_part.stat
            and element.bucket = p_part.bucket
            and element.element = v_changed.element;
        elsif v_measure is not null or v_changed.come_count > 0 then
            insert into badges_internal.stat_elements (
                peer_mentor_id, org_id, stat, bucket, element, tally, is_counted
            )
            values (
                p_part.peer_mentor_id, p_part.org_id, p_part.stat, p_part.bucket,
                v_changed.element, v_tally, v_is_counted
            )
            on conflict (peer_mentor_id, org_id, stat, bucket, element) do update set
                tally = excluded.tally,
                is_counted = excluded.is_counted;
        end if;
        v_change.distinct_delta := v_change.distinct_delta + v_is_counted::integer
            - v_was_counted::integer;
        if v_is_counted <> v_was_counted then
            v_moved := v_moved || v_changed.element;
        end if;
    end loop;
    if v_moved is null or v_route.element_unit is null then
        return v_change;
    end if;
    -- One unit less, neither in the last run nor in a longest one: the runs stay as they are.
    if cardinality(v_moved) = 1 and v_change.distinct_delta < 0 then
        select around.run_length, around.is_last
        into v_run_length, v_is_last
        from badges_internal._units_around(
            p_part.peer_mentor_id, p_part.org_id, v_route, p_part.bucket, v_moved[1]::date
        ) as around;
        if not v_is_last and v_run_length < (p_part.held).longest_runs[
            array_position(
                array['day', 'week', 'month'], split_part(v_route.element_unit, '_', 1)
            )
        ] then
            return v_change;
        end if;
    end if;
    v_change := (badges_internal._add_unit_runs(array[v_change]))[1];
    return v_change;
end;
$$;

comment on function badges_internal._change_elements(badges_internal.changed_part) is
'Changes the elements of a row, and tells what that changes in the row.';
