-- Counts one activity that does not come last in a sequence, and tells whether the row reached one.
--
-- Looks at the stretch that it has a part in. The sequence is measured anew where something that
-- does not qualify may have broken the best there is. p_pending: docs of _count_rest. The caller
-- holds the base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_in_sequence(
    p_peer_mentor_id uuid,
    p_defined badges_internal.stat_definitions,
    p_qualifies integer,
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_size constant integer := (p_defined.route).sequence_size;
    v_sequence constant text := (p_defined.route).sequence;
    v_without constant bigint[] := p_pending || p_activity_id;
    v_held badges.peer_mentor_stats;
    v_slice badges_internal.sequence_slice;
    v_old_max numeric; -- from the activity's moment on
    v_new record;
    v_has_reached boolean;
begin
    select held.*
    into v_held
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_defined.org_id
    and held.stat = p_defined.stat
    and held.bucket = '';
    v_slice := badges_internal._sequence_slice(
        v_held, p_defined.activity_types, p_defined.route, p_occurred_at, v_without
    );
    select
        max(found.value) filter (where found.occurred_at >= p_occurred_at) as value_max,
        -- Without the activity: the run as it was before and after it, the share of one less.
        (array_agg(found.value order by found.occurred_at desc)
            filter (where found.occurred_at < p_occurred_at))[1] as value_before,
        max(case when found.occurred_at >= p_occurred_at and found.chosen_count > v_size
            then badges_internal._share(found.qualified_count, found.chosen_count - 1) end)
            as share_without,
        (array_agg(found.value order by found.occurred_at desc))[1] as value_last,
        string_agg(found.qualifies::text, '' order by found.occurred_at, found.qualifies) as bits
    into v_new
    from badges_internal._sequence_values(
        p_defined, array[p_peer_mentor_id], null, p_pending, v_slice
    ) as found;
    if p_qualifies = 0 and v_held.value_max > coalesce(v_new.value_max, 0) then
        v_old_max := case
            when v_sequence = 'in_a_row' and v_slice.before is null then v_held.value_last
            when v_sequence = 'in_a_row'
                then coalesce(v_new.value_before, 0) + coalesce(v_new.value_max, 0)
            when v_sequence = 'share' then v_new.share_without
            else (
                select max(found.value)
                from badges_internal._sequence_values(
                    p_defined, array[p_peer_mentor_id], null, v_without, v_slice
                ) as found
                where found.occurred_at >= p_occurred_at
            )
        end;
        if v_old_max >= v_held.value_max then
            perform badges_internal._measure_sequence(
                p_defined, array[p_peer_mentor_id], p_pending
            );
            return coalesce((
                select badges_internal._has_reached(held)
                from badges.peer_mentor_stats as held
                where held.peer_mentor_id = p_peer_mentor_id
                and held.org_id = p_defined.org_id
                and held.stat = p_defined.stat
                and held.bucket = ''
            ), false);
        end if;
    end if;
    update badges.peer_mentor_stats as held
    set
        activity_count = activity_count + 1,
        value_sum = value_sum + p_qualifies,
        value_max = greatest(value_max, v_new.value_max),
        value_last = case when v_slice.before is null then v_new.value_last else value_last end,
        lately = case
            when lately is null or v_slice.before is not null then lately
            else right(v_new.bits, v_size)::varbit
        end,
        first_at = least(first_at, p_occurred_at)
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_defined.org_id
    and held.stat = p_defined.stat
    and held.bucket = ''
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return coalesce(v_has_reached, false);
end;
$$;

comment on function badges_internal._place_in_sequence(
    uuid, badges_internal.stat_definitions, integer, timestamptz, bigint, bigint[]
) is
'Counts one activity that does not come last in a sequence, and tells whether the row reached one.';
