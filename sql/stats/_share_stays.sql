-- Tells whether the best share of all time is surely the same after an activity that came late.
--
-- So where there are too few yet. What qualifies cannot raise one; what does not cannot lower what
-- was reached before it, which is looked for among the first ones: there a share moves most. Not
-- looked where less comes after it. Parameters: docs of _place_in_sequence.
create or replace function badges_internal._share_stays(
    p_held badges.peer_mentor_stats,
    p_defined badges_internal.stat_definitions,
    p_qualifies integer,
    p_occurred_at timestamptz,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_nearby constant interval := badges_internal._nearby(
        p_held, 50 + (p_defined.route).sequence_size
    );
    v_read record;
begin
    if p_held.activity_count + 1 < (p_defined.route).sequence_size then
        return true;
    elsif p_qualifies = 1 then
        return coalesce(p_held.value_max = 1, false);
    elsif p_held.last_at - p_occurred_at < 2 * v_nearby then
        return false;
    end if;
    v_read := badges_internal._sequence_bits(
        p_held.peer_mentor_id, p_defined, null,
        least(p_occurred_at, p_held.first_at + v_nearby), p_pending
    );
    return coalesce(badges_internal._sequence_best(
        p_defined.route, v_read.bits,
        width_bucket(v_read.moments[(p_defined.route).sequence_size], v_read.moments), 0, 0
    ) >= p_held.value_max, false);
end;
$$;

comment on function badges_internal._share_stays(
    badges.peer_mentor_stats, badges_internal.stat_definitions, integer, timestamptz, bigint[]
) is
'Tells whether the best share of all time is surely the same after an activity that came late.';
