-- Counts one activity in the stats that are counted apart: tallies, units, windows, sequences.
--
-- p_stats, p_buckets: those, by pairs; streaks, which have no bucket, may come after the last pair.
-- Their routes are among p_routes. p_pending: docs of _count_rest. p_is_late: the person has done
-- something later. The caller holds the base row.
--
-- Writes: badges_internal.stat_elements, badges.peer_mentor_stats.
create or replace function badges_internal._count_parts(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_routes badges_internal.stat_route[],
    p_stats text[],
    p_buckets text[],
    p_attributes jsonb,
    p_quantity numeric,
    p_day date,
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_pending bigint[],
    p_is_late boolean
)
returns badges_internal.counted_parts
language plpgsql
volatile
as $$
declare
    v_parts badges_internal.counted_parts;
    v_route badges_internal.stat_route;
    v_place integer;
    v_added numeric;
    v_element text;
    v_json jsonb;
    v_has_reached boolean;
begin
    v_parts.is_left := p_pending is not null;
    foreach v_route in array p_routes loop
        v_place := array_position(p_stats, v_route.stat);
        continue when v_place is null;
        if coalesce(v_route.sequence_size, v_route.rolling_days) is not null then
            if v_route.cap_unit is not null then
                v_added := p_quantity;
                if v_route.value_field is not null then
                    v_json := badges_internal._attribute(
                        p_attributes, p_quantity, v_route.value_field
                    );
                    v_added := badges_internal._number(v_json);
                end if;
                v_has_reached := badges_internal._count_capped(
                    p_peer_mentor_id, p_org_id, v_route, p_buckets[v_place], v_added, p_day,
                    p_occurred_at, p_pending
                );
                if v_added < 0 and v_route.sequence = 'capped_sum' then
                    v_parts.falling_stats := v_parts.falling_stats || v_route.stat;
                    v_parts.is_left := true;
                end if;
            elsif v_route.sequence_size is not null then
                v_has_reached := badges_internal._count_sequence(
                    p_peer_mentor_id, p_org_id, v_route,
                    badges_internal._qualifies(v_route, p_attributes, p_quantity), p_occurred_at,
                    p_activity_id, p_pending, p_is_late
                );
            else
                v_has_reached := badges_internal._roll_one(
                    p_peer_mentor_id, p_org_id, v_route, p_buckets[v_place], p_day, p_occurred_at
                );
            end if;
            v_parts.stats := v_parts.stats || v_route.stat;
            v_parts.buckets := v_parts.buckets || p_buckets[v_place];
            if v_has_reached is null then
                v_parts.wide_stats := v_parts.wide_stats || v_route.stat;
                v_parts.is_left := true;
            end if;
        else
            if v_route.element_unit is not null then
                v_element := badges_internal._unit_key(v_route.element_unit, p_day);
            else
                v_json := badges_internal._attribute(
                    p_attributes, p_quantity, v_route.element_field
                );
                v_element := badges_internal._scalar_text(v_json);
            end if;
            v_added := 1;
            if v_route.element_measure in ('sum', 'max') then
                v_added := p_quantity;
                if v_route.element_value_field is not null then
                    v_json := badges_internal._attribute(
                        p_attributes, p_quantity, v_route.element_value_field
                    );
                    v_added := badges_internal._number(v_json);
                end if;
            end if;
            v_has_reached := v_element is not null and badges_internal._count_element(
                p_peer_mentor_id, p_org_id, v_route, coalesce(p_buckets[v_place], ''), v_element,
                v_added, p_pending
            );
            if v_added < 0 and v_route.element_measure = 'sum' then
                v_parts.falling_stats := v_parts.falling_stats || v_route.stat;
                v_parts.is_left := true;
            end if;
        end if;
        if v_has_reached then
            v_parts.has_reached := true;
            v_parts.is_left := true;
        end if;
    end loop;
    return v_parts;
end;
$$;

comment on function badges_internal._count_parts(
    uuid, text, badges_internal.stat_route[], text[], text[], jsonb, numeric, date, timestamptz,
    bigint, bigint[], boolean
) is
'Counts one activity in the stats that are counted apart: tallies, units, windows, sequences.';
