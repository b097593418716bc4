-- Refuses to settle nothing, or as what is no outcome.
--
-- Raises: 22023.
create or replace function badges_internal._require_settlement(
    p_event_ids bigint[],
    p_outcome text,
    p_retry_in interval,
    p_status integer,
    p_milliseconds integer
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_event_ids is null or num_nulls(variadic p_event_ids) > 0 then
        raise exception 'p_event_ids must be a list of event ids without null'
        using errcode = '22023', hint = 'Give what claim_events gave as event_id.';
    end if;
    if (p_outcome in ('done', 'retry', 'dead', 'release')) is not true then
        raise exception 'unknown outcome %', badges_internal._quoted(p_outcome)
        using errcode = '22023', hint = 'p_outcome is done, retry, dead or release.';
    end if;
    if p_retry_in is not null and p_outcome <> 'retry' then
        raise exception 'p_retry_in goes with outcome retry only'
        using errcode = '22023', hint = 'Leave p_retry_in out.';
    end if;
    if p_retry_in is not null then
        perform badges_internal._require_span('p_retry_in', p_retry_in, '30 days');
    end if;
    if p_status not between 0 and 999 or p_milliseconds < 0 then
        raise exception 'p_status must be a number from 0 to 999, p_milliseconds not negative'
        using errcode = '22023', hint = 'Leave out what is not known.';
    end if;
end;
$$;

comment on function badges_internal._require_settlement(
    bigint[], text, interval, integer, integer
) is
'Refuses to settle nothing, or as what is no outcome.';
