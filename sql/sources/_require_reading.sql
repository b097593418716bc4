-- Refuses to read a source in batches of no rows, or from a snapshot that does not move on.
--
-- Raises: 22023 for the batch or an unknown source, 25001 above READ COMMITTED.
create or replace function badges_internal._require_reading(p_source text, p_batch integer)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_source(p_source);
    if (p_batch between 1 and 100000) is not true then
        raise exception 'p_batch must be a whole number from 1 to 100000'
        using errcode = '22023', hint = 'A thousand rows take about as many milliseconds / 5.';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a source is read at READ COMMITTED only'
        using
            errcode = '25001',
            hint = 'Begin the transaction with isolation level read committed.';
    end if;
end;
$$;

comment on function badges_internal._require_reading(text, integer) is
'Refuses to read a source in batches of no rows, or from a snapshot that does not move on.';
