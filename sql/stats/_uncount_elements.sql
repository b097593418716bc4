-- Takes gone activities out of the elements of a row, and tells what that changes in the row.
--
-- A tally is read anew only where the number does not tell whether others are left.
--
-- Writes: badges_internal.stat_elements.
create or replace function badges_internal._uncount_elements(p_part badges_internal.gone_part)
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
    v_gone badges_internal.gone_element;
    v_tally numeric;
    v_was_counted boolean;
    v_is_left boolean;
    v_is_counted boolean;
    v_has_changed boolean := false;
    v_from date;
    v_to date;
begin
    foreach v_gone in array p_part.elements loop
        select element.tally, element.is_counted
        into v_tally, v_was_counted
        from badges_internal.stat_elements as element
        where element.peer_mentor_id = p_part.peer_mentor_id
        and element.org_id = p_part.org_id
        and element.stat = p_part.stat
        and element.bucket = p_part.bucket
        and element.element = v_gone.element;
        v_tally := case
            when v_measure = 'count' then v_tally - v_gone.activity_count
            when v_measure = 'sum' then v_tally - coalesce(v_gone.value_sum, 0)
            when v_measure = 'max' and (v_gone.value_max < v_tally) is not false then v_tally
        end;
        v_is_left := v_tally <> 0 or v_measure = 'max' and v_tally is not null;
        if v_is_left is not true and v_measure is distinct from 'count' then
            if v_route.element_unit is not null then
                v_from := v_gone.element::date;
                v_to := badges_internal._unit_day(
                    v_route.element_unit,
                    badges_internal._unit_number(v_route.element_unit, v_from) + 1
                ) - 1;
            end if;
            if v_measure is null then
                v_tally := null;
                v_is_left := exists (
                    select
                    from badges_internal._counted_activities(p_part, v_from, v_to) as found
                    where v_gone.value is null
                    or badges_internal._attribute(
                        found.attributes, found.quantity, v_route.element_field
                    ) = v_gone.value
                );
            else
                select
                    count(*) > 0,
                    case
                        when v_measure = 'sum' then sum(found.element_measured)
                        when v_measure = 'max' then max(found.element_measured)
                        else count(distinct found.activity_date)
                    end
                into v_is_left, v_tally
                from badges_internal._counted_activities(p_part, v_from, v_to) as found
                where v_gone.value is null
                or badges_internal._attribute(
                    found.attributes, found.quantity, v_route.element_field
                ) = v_gone.value;
            end if;
        end if;
        v_is_counted := v_is_left
            and (v_measure is null or coalesce(v_tally >= v_route.element_at_least, false));
        if not v_is_left then
            delete from badges_internal.stat_elements as element
            where element.peer_mentor_id = p_part.peer_mentor_id
            and element.org_id = p_part.org_id
            and element.stat = p_part.stat
            and element.bucket = p_part.bucket
            and element.element = v_gone.element;
        elsif v_measure is not null then
            update badges_internal.stat_elements as element
            set tally = v_tally, is_counted = v_is_counted
            where element.peer_mentor_id = p_part.peer_mentor_id
            and element.org_id = p_part.org_id
            and element.stat = p_part.stat
            and element.bucket = p_part.bucket
            and element.element = v_gone.element;
        end if;
        v_change.distinct_delta := v_change.distinct_delta + v_is_counted::integer
            - v_was_counted::integer;
        v_has_changed := v_has_changed or v_is_counted <> v_was_counted;
    end loop;
    if v_has_changed and v_route.element_unit is not null then
        v_change := (badges_internal._add_unit_runs(array[v_change]))[1];
    end if;
    return v_change;
end;
$$;

comment on function badges_internal._uncount_elements(badges_internal.gone_part) is
'Takes gone activities out of the elements of a row, and tells what that changes in the row.';
