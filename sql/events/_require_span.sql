-- Refuses a span of time that is not more than nothing and at most as long as told.
--
-- Raises: 22023.
create or replace function badges_internal._require_span(
    p_parameter text,
    p_span interval,
    p_longest interval
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_span > '0' and p_span <= p_longest then
        return;
    end if;
    raise exception '% must be more than nothing and at most %', p_parameter, p_longest
    using
        errcode = '22023',
        hint = format('Give %s a span such as ''1 minute''.', p_parameter);
end;
$$;

comment on function badges_internal._require_span(text, interval, interval) is
'Refuses a span of time that is not more than nothing and at most as long as told.';
