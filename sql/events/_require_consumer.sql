-- Refuses a consumer that is not registered.
--
-- Raises: 22023.
create or replace function badges_internal._require_consumer(p_consumer text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from badges_internal.event_consumers as held where held.consumer = p_consumer
    ) then
        raise exception 'consumer % is not registered', badges_internal._quoted(p_consumer)
        using
            errcode = '22023',
            column = 'consumer',
            hint = 'badges.list_consumers() lists those that are.';
    end if;
end;
$$;

comment on function badges_internal._require_consumer(text) is
'Refuses a consumer that is not registered.';
