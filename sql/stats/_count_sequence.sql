-- Counts one activity in a sequence, and tells whether the row reached a threshold.
--
-- What comes last follows from the row alone. Null where something that does not qualify comes late
-- or joins the last instant, and the person has a badge that may be taken back: what held before
-- may hold no longer (_measure_wide). p_pending: docs of _count_rest. p_is_late: the person did
-- something later, which may be none of the sequence. The caller holds the base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._count_sequence(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_qualifies integer,
    p_occurred_at timestamptz,
    p_activity_id bigint,
    p_pending bigint[],
    p_is_late boolean
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_bit constant varbit := p_qualifies::bit(1);
    v_size constant integer := case
        when p_route.sequence = 'share_of_last' then p_route.sequence_size
    end;
    v_held badges.peer_mentor_stats;
    v_has_reached boolean;
begin
    if not p_is_late then
        update badges.peer_mentor_stats as held
        set
            activity_count = activity_count + 1,
            value_sum = value_sum + p_qualifies,
            value_last = badges_internal._sequence_value(
                p_route.sequence, p_route.sequence_size, p_qualifies, value_last,
                activity_count + 1, value_sum + p_qualifies,
                badges_internal._shifted(lately, v_bit, v_size)
            ),
            value_max = greatest(value_max, badges_internal._sequence_value(
                p_route.sequence, p_route.sequence_size, p_qualifies, value_last,
                activity_count + 1, value_sum + p_qualifies,
                badges_internal._shifted(lately, v_bit, v_size)
            )),
            lately = badges_internal._shifted(lately, v_bit, v_size),
            last_at = p_occurred_at
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = p_route.stat
        and held.bucket = ''
        and (held.last_at < p_occurred_at or held.last_at = p_occurred_at and p_qualifies = 1)
        returning badges_internal._has_reached(held)
        into v_has_reached;
        if found then
            return coalesce(v_has_reached, false);
        end if;
    end if;
    select held.*
    into v_held
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_route.stat
    and held.bucket = '';
    if not found then
        insert into badges.peer_mentor_stats as held (
            peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max, value_last,
            lately, first_at, last_at, next_max
        )
        select
            p_peer_mentor_id, p_org_id, p_route.stat, '', 1, p_qualifies, first.value, first.value,
            case when v_size is not null then v_bit end, p_occurred_at, p_occurred_at,
            (defined.thresholds).value_max[1]
        from badges_internal.stat_definitions as defined
        cross join lateral badges_internal._sequence_value(
            p_route.sequence, p_route.sequence_size, p_qualifies, 0, 1, p_qualifies, v_bit
        ) as first (value)
        where defined.org_id = p_org_id
        and defined.stat = p_route.stat
        returning badges_internal._has_reached(held)
        into v_has_reached;
        return coalesce(v_has_reached, false);
    end if;
    if p_is_late and v_held.last_at <= p_occurred_at then
        return badges_internal._count_sequence(
            p_peer_mentor_id, p_org_id, p_route, p_qualifies, p_occurred_at, p_activity_id,
            p_pending, false
        );
    end if;
    if p_qualifies = 0 then
        perform
        from badges.earned_badges as earned
        join badges.badge_definitions as definition
            on definition.badge_definition_id = earned.badge_definition_id
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and (definition.on_unmet <> 'keep' or earned.revoked_by = 'rule');
        if found then
            return null;
        end if;
    end if;
    return badges_internal._place_in_sequence(
        v_held, badges_internal._stat_definition(p_org_id, p_route.stat), p_qualifies,
        p_occurred_at, p_activity_id, p_pending
    );
end;
$$;

comment on function badges_internal._count_sequence(
    uuid, text, badges_internal.stat_route, integer, timestamptz, bigint, bigint[], boolean
) is
'Counts one activity in a sequence, and tells whether the row reached a threshold.';
