-- Notes that a consumer has done something, unless that was noted within the last second.
--
-- Workers that settle at the same time do not wait for each other: one of them notes it.
--
-- Writes: badges_internal.event_progress.
create or replace function badges_internal._note_progress(p_consumer text, p_done_at timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update badges_internal.event_progress as noted
    set last_done_at = p_done_at
    from (
        select held.consumer
        from badges_internal.event_progress as held
        where held.consumer = p_consumer
        and (held.last_done_at < p_done_at - interval '1 second' or held.last_done_at is null)
        for update skip locked
    ) as free
    where noted.consumer = free.consumer;
end;
$$;
