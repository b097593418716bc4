-- Measures a sequence anew after activities of it were changed; false: the person must be rebuilt.
--
-- So where it reaches a threshold or may date an award earlier, and where the table holds more or
-- less than what was changed.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._change_sequence(p_part badges_internal.changed_part)
returns boolean
language plpgsql
volatile
as $$
declare
    v_route constant badges_internal.stat_route := p_part.route;
    v_size constant integer := v_route.sequence_size;
    v_left constant bigint
        := (p_part.held).activity_count - p_part.gone_count + p_part.come_count;
    v_defined badges_internal.stat_definitions;
    v_read record;
    v_count bigint;
    v_qualified integer;
    v_best numeric;
    v_lately varbit;
    v_has_reached boolean;
begin
    if badges_internal._may_date_earlier(p_part) then
        return false;
    elsif v_left = 0 then
        return badges_internal._change_row(p_part);
    end if;
    v_defined := badges_internal._stat_definition(p_part.org_id, p_part.stat);
    if v_route.cap_unit is not null then
        perform badges_internal._measure_capped(v_defined, array[p_part.peer_mentor_id]);
        select held.activity_count, badges_internal._has_reached(held)
        into v_count, v_has_reached
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_part.peer_mentor_id
        and held.org_id = p_part.org_id
        and held.stat = p_part.stat
        and held.bucket = p_part.bucket;
        return v_count = v_left and v_has_reached is not true;
    end if;
    v_read := badges_internal._sequence_bits(p_part.peer_mentor_id, v_defined, null, null, null);
    v_count := length(v_read.bits);
    if v_count is distinct from v_left then
        return false;
    end if;
    v_qualified := length(replace(v_read.bits, '0', ''));
    v_best := badges_internal._sequence_best(
        v_route, v_read.bits, width_bucket(v_read.moments[v_size], v_read.moments), 0, 0
    );
    if v_route.sequence = 'share_of_last' then
        v_lately := right(v_read.bits, v_size)::varbit;
    end if;
    update badges.peer_mentor_stats as held
    set
        value_sum = v_qualified,
        activity_count = v_count,
        value_max = v_best,
        value_last = case
            when v_route.sequence = 'in_a_row' then v_count - length(rtrim(v_read.bits, '1'))
            else badges_internal._sequence_value(
                v_route.sequence, v_size, 0, null, v_count, v_qualified, v_lately
            )
        end,
        lately = v_lately,
        first_at = v_read.moments[1],
        last_at = v_read.moments[v_count],
        -- What was passed is waited for again where the best is less than it was.
        next_max = case
            when v_best >= held.value_max or held.value_max is null then held.next_max
            else (v_defined.thresholds).value_max[1]
        end
    where held.peer_mentor_id = p_part.peer_mentor_id
    and held.org_id = p_part.org_id
    and held.stat = p_part.stat
    and held.bucket = p_part.bucket
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return v_has_reached is not true;
end;
$$;

comment on function badges_internal._change_sequence(badges_internal.changed_part) is
'Measures a sequence anew after activities of it were changed; false: the person must be rebuilt.';
