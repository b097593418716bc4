-- Brings in one batch of a source's rows; to be called in a new transaction until is_done.
--
-- Gives {"brought_in", "set_aside", "is_done"}: activities of this batch's rows, and all that is
-- set aside by now. Resumes where an earlier call ended. Writers go on meanwhile: whom one writes
-- for is come back to.
--
-- Locks:  as _settle_source_rows, until the transaction ends.
-- Writes: badges.activities and what follows from them, badges_internal.source_rows_set_aside.
-- Raises: 22023 an unknown source, 25001 above READ COMMITTED, 55P03 where a lock could not be had.
create or replace function badges.bring_in_source(p_source text, p_batch integer default 1000)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
set jit = off
as $$
declare
    v_step record;
begin
    perform badges_internal._require_reading(p_source, p_batch);
    v_step := badges_internal._read_source(p_source, p_batch);
    return jsonb_build_object(
        'brought_in', v_step.written,
        'set_aside', v_step.set_aside,
        'is_done', v_step.is_done
    );
end;
$$;

comment on function badges.bring_in_source(text, integer) is
'Brings in one batch of a source''s rows; to be called in a new transaction until is_done.';
