-- Gives what a sequence came to with each activity that it chose: the run, or the share.
--
-- A value is that at the end of the activity's instant: within one, those that do not qualify come
-- first. value null: there are too few yet. p_until: the last local day, null = all. p_pending:
-- activities that must not be seen. What a stat's row has is the best of these, and the last.
create or replace function badges_internal._sequence_values(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    p_until date,
    p_pending bigint[]
)
returns table (
    peer_mentor_id uuid,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    qualifies integer,
    value numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_sequence constant text := v_route.sequence;
    v_size constant integer := coalesce(v_route.sequence_size, 1);
begin
    return query
    with chosen as materialized (
        select
            a.peer_mentor_id, a.activity_date, a.occurred_at, a.activity_id,
            badges_internal._qualifies(v_route, a.attributes, a.quantity) as qualifies
        from badges.activities as a
        where a.peer_mentor_id = any(p_peer_mentor_ids)
        and a.org_id = p_defined.org_id
        and (p_until is null or a.activity_date <= p_until)
        and (p_defined.activity_types is null or a.activity_type = any(p_defined.activity_types))
        and badges_internal._is_chosen(
            v_route.predicate, v_route.needs_quantity, v_route.needs_calendar, v_route.clock_zone,
            a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
        and (p_pending is null or a.activity_id <> all(p_pending))
    ),
    counted as (
        select
            chosen.*,
            count(*) over so_far as chosen_count,
            sum(chosen.qualifies) over so_far as qualified_count,
            max(chosen.occurred_at) filter (where chosen.qualifies = 0) over so_far as failed_at,
            sum(chosen.qualifies) over lately as lately_count
        from chosen
        window
            so_far as (partition by chosen.peer_mentor_id order by chosen.occurred_at),
            lately as (
                partition by chosen.peer_mentor_id
                order by chosen.occurred_at, chosen.qualifies
                rows between v_size - 1 preceding and current row
            )
    )
    select
        counted.peer_mentor_id, counted.activity_date, counted.occurred_at, counted.activity_id,
        counted.qualifies,
        case
            when v_sequence = 'in_a_row' then sum(counted.qualifies) over (
                partition by counted.peer_mentor_id, counted.failed_at
                order by counted.occurred_at
            )
            when counted.chosen_count < v_size then null
            when v_sequence = 'share' then counted.qualified_count::numeric / counted.chosen_count
            when v_sequence = 'share_of_last' then last_value(counted.lately_count) over (
                partition by counted.peer_mentor_id, counted.occurred_at
                order by counted.qualifies
                range between unbounded preceding and unbounded following
            )::numeric / v_size
        end
    from counted;
end;
$$;

comment on function badges_internal._sequence_values(
    badges_internal.stat_definitions, uuid[], date, bigint[]
) is
'Gives what a sequence came to with each activity that it chose: the run, or the share.';
