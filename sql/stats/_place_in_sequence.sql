-- Counts one activity that does not come last in a sequence, and tells whether the row reached one.
--
-- Reads the stretch that may differ by it, or all where there are few. p_held: the row without it.
-- p_pending: docs of _count_rest. The caller holds the base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_in_sequence(
    p_held badges.peer_mentor_stats,
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
    v_route constant badges_internal.stat_route := p_defined.route;
    v_sequence constant text := v_route.sequence;
    v_size constant integer := v_route.sequence_size;
    v_with badges.peer_mentor_stats := p_held; -- the row with it
    v_is_last boolean := true; -- the end is within what was read
    v_run_before numeric := 0; -- that goes on into what was read
    v_read record;
    v_has_reached boolean;
begin
    v_with.activity_count := p_held.activity_count + 1;
    v_with.value_sum := p_held.value_sum + p_qualifies;
    -- So few are read sooner than the edges are found.
    if v_with.activity_count <= greatest(
        100, case when v_sequence = 'share_of_last' then 2 * v_size end
    ) then
        v_read := badges_internal._sequence_bits(
            p_held.peer_mentor_id, p_defined, null, null, p_pending
        );
        v_with.value_max := badges_internal._sequence_best(
            v_route, v_read.bits, width_bucket(v_read.moments[v_size], v_read.moments), 0, 0
        );
    elsif v_sequence <> 'share' or not badges_internal._share_stays(
        p_held, p_defined, p_qualifies, p_occurred_at, p_pending
    ) then
        v_with.value_last := p_held.value_last + p_qualifies;
        v_read := badges_internal._sequence_stretch(
            v_with, p_defined, p_occurred_at, p_activity_id, p_pending
        );
        v_is_last := v_read.before is null;
        v_run_before := v_read.qualified_count;
        v_with.value_last := p_held.value_last;
        v_with.value_max := badges_internal._best_with_late(
            p_held, p_defined, p_qualifies, p_occurred_at, v_read.before, v_read.chosen_count,
            v_read.qualified_count, v_read.bits, v_read.moments, v_read.first_end, p_pending
        );
    end if;
    if v_is_last and v_sequence = 'in_a_row' then
        v_with.value_last := length(v_read.bits) - length(rtrim(v_read.bits, '1'))
            + case when rtrim(v_read.bits, '1') = '' then v_run_before else 0 end;
    elsif v_is_last then
        if v_sequence = 'share_of_last' then
            v_with.lately := right(v_read.bits, v_size)::varbit;
        end if;
        v_with.value_last := badges_internal._sequence_value(
            v_sequence, v_size, p_qualifies, null, v_with.activity_count, v_with.value_sum,
            v_with.lately
        );
    end if;
    update badges.peer_mentor_stats as held
    set
        activity_count = v_with.activity_count,
        value_sum = v_with.value_sum,
        value_max = v_with.value_max,
        value_last = v_with.value_last,
        lately = v_with.lately,
        first_at = least(first_at, p_occurred_at),
        -- What was passed is waited for again where the best is less than it was.
        next_max = case
            when v_with.value_max < held.value_max then (p_defined.thresholds).value_max[1]
            else next_max
        end
    where held.peer_mentor_id = p_held.peer_mentor_id
    and held.org_id = p_held.org_id
    and held.stat = p_held.stat
    and held.bucket = ''
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return coalesce(v_has_reached, false);
end;
$$;

comment on function badges_internal._place_in_sequence(
    badges.peer_mentor_stats, badges_internal.stat_definitions, integer, timestamptz, bigint,
    bigint[]
) is
'Counts one activity that does not come last in a sequence, and tells whether the row reached one.';
