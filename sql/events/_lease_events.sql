-- Leases the events of a consumer whose turn it is and gives them with their attempts.
--
-- Rows are looked at by their turn, some hundred at a time. Where too few of them are a person's
-- first, those that wait behind another are parked, so that the next claim does not meet them. The
-- caller holds the consumer's row.
--
-- Locks:  badges_internal.event_queue rows; what others hold is left.
-- Writes: badges_internal.event_queue.
create or replace function badges_internal._lease_events(
    p_consumer text,
    p_limit integer,
    p_until timestamptz
)
returns table (
    peer_mentor_id uuid,
    event_id bigint,
    attempts integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_looked_at constant integer := 5 * p_limit + 400;
    v_due badges_internal.queued_event[];
    v_last badges_internal.queued_event;
    v_leased integer := 0;
    v_count integer;
begin
    loop
        v_due := array(
            select
                row(queued.peer_mentor_id, queued.event_id, queued.due_at, queued.ctid)
                    ::badges_internal.queued_event
            from badges_internal.event_queue as queued
            where queued.consumer = p_consumer
            and queued.due_at <= v_now
            and (queued.due_at, queued.event_id)
                > (coalesce(v_last.due_at, '-infinity'), coalesce(v_last.event_id, 0))
            order by queued.due_at, queued.event_id
            limit v_looked_at
        );
        exit when v_due = '{}';
        return query
        select leased.peer_mentor_id, leased.event_id, leased.attempts
        from badges_internal._lease_first_events(
            p_consumer, v_due, p_limit - v_leased, v_now, p_until
        ) as leased;
        get diagnostics v_count = row_count;
        v_leased := v_leased + v_count;
        exit when v_leased = p_limit or cardinality(v_due) < v_looked_at;
        perform badges_internal._park_events(p_consumer, v_due, v_now);
        v_last := v_due[v_looked_at];
    end loop;
end;
$$;

comment on function badges_internal._lease_events(text, integer, timestamptz) is
'Leases the events of a consumer whose turn it is and gives them with their attempts.';
