-- Reads the stretch of a person's sequence that may differ by an activity of a moment.
--
-- From edge to edge (docs of _sequence_edges), with the activity; p_held: the row with it. before
-- null: to the end. chosen_count, qualified_count: those before the stretch that count. first_end:
-- where the first instant ends whose value the activity may have changed, and which counts. bits,
-- moments, p_pending: docs of _sequence_bits.
create or replace function badges_internal._sequence_stretch(
    p_held badges.peer_mentor_stats,
    p_defined badges_internal.stat_definitions,
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_pending bigint[],
    out before timestamptz,
    out chosen_count bigint,
    out qualified_count numeric,
    out bits text,
    out moments timestamptz[],
    out first_end integer
)
language plpgsql
volatile
as $$
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_slice badges_internal.sequence_slice;
    v_read record;
begin
    v_slice := badges_internal._sequence_edges(
        p_held.peer_mentor_id, p_defined, p_occurred_at, p_pending || p_activity_id
    );
    v_read := badges_internal._sequence_bits(
        p_held.peer_mentor_id, p_defined, v_slice.since, v_slice.before, p_pending
    );
    before := v_slice.before;
    chosen_count := v_slice.chosen_count;
    qualified_count := v_slice.qualified_count;
    bits := v_read.bits;
    moments := v_read.moments;
    if chosen_count is null then
        chosen_count := p_held.activity_count - length(bits);
        qualified_count := case
            when v_route.sequence = 'in_a_row' then p_held.value_last
            else p_held.value_sum
        end - length(replace(bits, '0', ''));
    end if;
    first_end := greatest(
        width_bucket(p_occurred_at, moments),
        width_bucket(moments[v_route.sequence_size - chosen_count], moments)
    );
end;
$$;

comment on function badges_internal._sequence_stretch(
    badges.peer_mentor_stats, badges_internal.stat_definitions, timestamptz, bigint, bigint[]
) is
'Reads the stretch of a person''s sequence that may differ by an activity of a moment.';
