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
    v_left constant bigint
        := (p_part.held).activity_count - p_part.gone_count + p_part.come_count;
    v_defined badges_internal.stat_definitions;
    v_stats badges.peer_mentor_stats;
begin
    if badges_internal._may_date_earlier(p_part) then
        return false;
    elsif v_left = 0 then
        return badges_internal._change_row(p_part);
    end if;
    v_defined := badges_internal._stat_definition(p_part.org_id, p_part.stat);
    if (p_part.route).cap_unit is not null then
        perform badges_internal._measure_capped(v_defined, array[p_part.peer_mentor_id]);
    else
        perform badges_internal._measure_sequence(v_defined, array[p_part.peer_mentor_id], null);
    end if;
    select held.*
    into v_stats
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_part.peer_mentor_id
    and held.org_id = p_part.org_id
    and held.stat = p_part.stat
    and held.bucket = p_part.bucket;
    return v_stats.activity_count = v_left
        and badges_internal._has_reached(v_stats) is not true;
end;
$$;

comment on function badges_internal._change_sequence(badges_internal.changed_part) is
'Measures a sequence anew after activities of it were changed; false: the person must be rebuilt.';
