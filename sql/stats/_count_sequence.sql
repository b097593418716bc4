-- Counts one activity in a sequence, and tells whether the row reached a threshold.
--
-- What comes last follows from the row alone. Null where that is not enough: what comes late, or
-- joins the last instant without qualifying, changes what held before (_measure_apart). The caller
-- holds the base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._count_sequence(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_reading badges_internal.stat_reading,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_route constant badges_internal.stat_route := p_reading.route;
    v_qualifies constant integer := p_reading.measured;
    v_bit constant varbit := v_qualifies::bit(1);
    v_size constant integer := case
        when v_route.sequence = 'share_of_last' then v_route.sequence_size
    end;
    v_has_reached boolean;
begin
    update badges.peer_mentor_stats as held
    set
        activity_count = activity_count + 1,
        value_sum = value_sum + v_qualifies,
        (value_last, value_max, lately) = (
            select next.value, greatest(held.value_max, next.value), bits.lately
            from (
                select substring(held.lately || v_bit
                    from greatest(length(held.lately) + 2 - v_size, 1)) as lately
            ) as bits
            cross join lateral badges_internal._sequence_value(
                v_route.sequence, v_route.sequence_size, v_qualifies, held.value_last,
                held.activity_count + 1, held.value_sum + v_qualifies, bits.lately
            ) as next (value)
        ),
        last_at = p_occurred_at
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = v_route.stat
    and held.bucket = ''
    and (held.last_at < p_occurred_at or held.last_at = p_occurred_at and v_qualifies = 1)
    returning badges_internal._has_reached(held)
    into v_has_reached;
    if found then
        return coalesce(v_has_reached, false);
    end if;
    insert into badges.peer_mentor_stats as held (
        peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max, value_last,
        lately, first_at, last_at, next_max
    )
    select
        p_peer_mentor_id, p_org_id, v_route.stat, '', 1, v_qualifies, first.value, first.value,
        case when v_size is not null then v_bit end, p_occurred_at, p_occurred_at,
        (defined.thresholds).value_max[1]
    from badges_internal.stat_definitions as defined
    cross join lateral badges_internal._sequence_value(
        v_route.sequence, v_route.sequence_size, v_qualifies, 0, 1, v_qualifies, v_bit
    ) as first (value)
    where defined.org_id = p_org_id
    and defined.stat = v_route.stat
    on conflict (peer_mentor_id, org_id, stat, bucket) do nothing
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return case when found then coalesce(v_has_reached, false) end;
end;
$$;

comment on function badges_internal._count_sequence(
    uuid, text, badges_internal.stat_reading, timestamptz
) is
'Counts one activity in a sequence, and tells whether the row reached a threshold.';
