-- Deletes the activities of a source whose table was truncated.
--
-- Where rows are left, a partition was truncated alone: everything is read again. So it is where an
-- old snapshot may hide activities.
--
-- Writes: badges.activities, badges_internal.source_rows_set_aside.
create or replace function badges_internal._forget_source_rows(p_source text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_empty boolean;
begin
    execute format('select not exists (select from badges_sources.%I)', p_source || ':keys')
    into v_is_empty;
    if not v_is_empty or current_setting('transaction_isolation') <> 'read committed' then
        perform badges_internal._set_source_aside(p_source, 'the table was truncated');
        return;
    end if;
    delete from badges.activities as held
    where starts_with(held.idempotency_key, badges_internal._source_prefix(p_source));
end;
$$;

comment on function badges_internal._forget_source_rows(text) is
'Deletes the activities of a source whose table was truncated.';
