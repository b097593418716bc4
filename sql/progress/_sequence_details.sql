-- Tells of a run how long it is and what ended the one before, of a share how many qualify.
--
-- {"current", "longest", "ended_at", "ended_by"}: the run of now, the longest, and the last
-- activity that did not qualify. {"qualified", "chosen", "of"} of a share: of how many; "needed" of
-- the last N: how many of them. Reads the person's activities back to what ended the run.
create or replace function badges_internal._sequence_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_sort = off
as $$
declare
    v_defined constant badges_internal.stat_definitions
        := badges_internal._stat_definition(p_milestone.org_id, p_milestone.stat);
    v_size constant integer := (v_defined.route).sequence_size;
    v_held badges.peer_mentor_stats;
    v_ended record;
begin
    select held.*
    into v_held
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_milestone.org_id
    and held.stat = p_milestone.stat
    and held.bucket = '';
    if (v_defined.route).sequence = 'share' then
        return jsonb_build_object(
            'qualified', coalesce(v_held.value_sum, 0),
            'chosen', coalesce(v_held.activity_count, 0), 'of', v_size
        );
    elsif (v_defined.route).sequence = 'share_of_last' then
        return jsonb_build_object(
            'qualified', coalesce(bit_count(v_held.lately), 0),
            'chosen', coalesce(length(v_held.lately), 0), 'of', v_size,
            'needed', ceil(p_milestone.threshold * v_size)
        );
    end if;
    select found.occurred_at, found.activity_id
    into v_ended
    from badges_internal._sequence_activities(
        p_peer_mentor_id, p_milestone.org_id, v_defined.activity_types, v_defined.route,
        '-infinity', 'infinity', null
    ) as found
    where found.qualifies = 0
    and found.activity_date >= (
        select near.activity_date - 2 -- No moment lies further than a day from its day.
        from badges_internal._sequence_activities(
            p_peer_mentor_id, p_milestone.org_id, v_defined.activity_types, v_defined.route,
            '-infinity', 'infinity', null
        ) as near
        where near.qualifies = 0
        order by near.activity_date desc
        limit 1
    )
    order by found.occurred_at desc, found.activity_id desc
    limit 1;
    return jsonb_strip_nulls(jsonb_build_object(
        'current', coalesce(v_held.value_last, 0), 'longest', coalesce(v_held.value_max, 0),
        'ended_at', v_ended.occurred_at, 'ended_by', v_ended.activity_id
    ));
end;
$$;

comment on function badges_internal._sequence_details(uuid, badges_internal.milestones) is
'Tells of a run how long it is and what ended the one before, of a share how many qualify.';
