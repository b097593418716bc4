-- Refuses what is no name for a consumer.
--
-- Raises: 22023.
create or replace function badges_internal._require_consumer_name(p_consumer text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_consumer ~ '^[!-~]{1,200}$' then
        return;
    end if;
    raise exception '% is no name for a consumer', badges_internal._quoted(p_consumer)
    using
        errcode = '22023',
        column = 'consumer',
        hint = 'Give p_consumer 1 to 200 visible ASCII characters, such as "mailer".';
end;
$$;

comment on function badges_internal._require_consumer_name(text) is
'Refuses what is no name for a consumer.';
