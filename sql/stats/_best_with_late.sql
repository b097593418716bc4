-- Gives the best of a sequence with a late activity, by the stretch that may differ by it.
--
-- p_held: the row without it; p_before to p_first: docs of _sequence_stretch. More is read only
-- where something that does not qualify has broken the best there was. The best is never more than
-- it was then: what is as good ends the search, which begins nearby. Others: docs of
-- _place_in_sequence.
create or replace function badges_internal._best_with_late(
    p_held badges.peer_mentor_stats,
    p_defined badges_internal.stat_definitions,
    p_qualifies integer,
    p_occurred_at timestamptz,
    p_before timestamptz,
    p_chosen_count bigint,
    p_qualified_count numeric,
    p_bits text,
    p_moments timestamptz[],
    p_first integer,
    p_pending bigint[]
)
returns numeric
language plpgsql
volatile
as $$
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_max constant numeric := p_held.value_max;
    v_nearby constant interval := badges_internal._nearby(p_held, 12 + v_route.sequence_size);
    v_place constant integer
        := width_bucket(p_occurred_at - interval '1 microsecond', p_moments) + 1;
    v_best numeric := badges_internal._sequence_best(
        v_route, p_bits, p_first, p_chosen_count, p_qualified_count
    );
    v_range tstzrange;
    v_read record;
begin
    if p_qualifies = 1 or v_best >= v_max or badges_internal._sequence_best(
        v_route, overlay(p_bits placing '' from v_place for 1), p_first - 1,
        p_chosen_count, p_qualified_count
    ) >= v_max is not true then
        return greatest(v_best, v_max);
    end if;
    -- No run is longer than all that qualify outside of the last one.
    if v_route.sequence = 'in_a_row' and p_before is null and v_best
        >= p_held.value_sum - p_qualified_count - length(replace(p_bits, '0', ''))
    then
        return v_best;
    end if;
    foreach v_range in array case
        when v_route.sequence = 'share' then array[tstzrange(null, p_occurred_at)]
        else array[
            tstzrange(p_occurred_at - v_nearby, p_occurred_at + v_nearby), tstzrange(null, null)
        ]
    end loop
        v_read := badges_internal._sequence_bits(
            p_held.peer_mentor_id, p_defined, lower(v_range), upper(v_range), p_pending
        );
        v_best := greatest(v_best, badges_internal._sequence_best(
            v_route, v_read.bits,
            width_bucket(v_read.moments[v_route.sequence_size], v_read.moments), 0, 0
        ));
        exit when v_best >= v_max;
    end loop;
    return v_best;
end;
$$;

comment on function badges_internal._best_with_late(
    badges.peer_mentor_stats, badges_internal.stat_definitions, integer, timestamptz,
    timestamptz, bigint, numeric, text, timestamptz[], integer, bigint[]
) is
'Gives the best of a sequence with a late activity, by the stretch that may differ by it.';
