-- Tells of a streak's unit that p_as_of lies in what it has, what it needs, and whether it counts.
--
-- Units with a target of their own are stored as elements; of others one activity is enough.
-- exists, is_excused: only of a streak with days of its own, or with excuses.
create or replace function badges_internal._unit_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_route badges_internal.stat_route,
    p_unit text,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text := badges_internal._unit_in(p_milestone.org_id, p_unit);
    v_start constant date := badges_internal._unit_start(v_unit, p_as_of);
    v_target constant numeric := coalesce((p_selector -> 'per_unit' -> 'at_least')::numeric, 1);
    v_value numeric;
    v_counts boolean;
begin
    if p_selector ? 'unit' then
        select coalesce(element.tally, element.is_counted::integer), element.is_counted
        into v_value, v_counts
        from badges_internal.stat_elements as element
        where element.peer_mentor_id = p_peer_mentor_id
        and element.org_id = p_milestone.org_id
        and element.stat = p_milestone.stat
        and element.bucket = ''
        and element.element = to_char(v_start::timestamp, 'YYYY-MM-DD');
    else
        v_counts := exists (
            select
            from badges_internal._selected_activities(
                array[p_peer_mentor_id], p_milestone.org_id, p_milestone.stat, '', v_start,
                badges_internal._unit_end(v_unit, v_start)
            )
        );
        v_value := v_counts::integer;
    end if;
    return jsonb_strip_nulls(jsonb_build_object(
        'unit', p_unit,
        'from', v_start,
        'until', badges_internal._unit_end(v_unit, v_start),
        'counts', coalesce(v_counts, false),
        'value', coalesce(v_value, 0),
        'target', v_target,
        'remaining', case when v_counts then 0 else v_target - coalesce(v_value, 0) end,
        'exists', case when p_selector ? 'on'
            then badges_internal._day_exists(p_selector -> 'on', p_as_of) end,
        'is_excused', case when p_selector ? 'excused_by' then badges_internal._excused_units(
            p_peer_mentor_id, p_milestone.org_id, p_route, v_start - 1,
            badges_internal._unit_end(p_unit, v_start) + 1
        ) <> '{}' end
    ));
end;
$$;

comment on function badges_internal._unit_details(
    uuid, badges_internal.milestones, jsonb, badges_internal.stat_route, text, date
) is
'Tells of a streak''s unit that p_as_of lies in what it has, what it needs, and whether it counts.';
