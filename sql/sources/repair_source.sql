-- Tries one batch of what was set aside; to be called in a new transaction until is_done.
--
-- Gives {"repaired", "left", "is_done"}. Where it cannot be told what is wrong (a truncate beside
-- others, a column renamed), or p_from_start says so at the first call, everything is read again.
--
-- Locks:  as bring_in_source.
-- Writes: as bring_in_source.
-- Raises: as bring_in_source.
create or replace function badges.repair_source(
    p_source text,
    p_batch integer default 1000,
    p_from_start boolean default false
)
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
    if (badges_internal._require_source(p_source)).reading is null then
        perform badges_internal._begin_reading(p_source, p_from_start or exists (
            select
            from badges_internal.source_rows_set_aside as aside
            where aside.source = p_source
            and aside.source_key = ''
            and aside.peer_mentor_id = '00000000-0000-0000-0000-000000000000'
        ));
    end if;
    v_step := badges_internal._read_source(p_source, p_batch);
    return jsonb_build_object(
        'repaired', v_step.written,
        'left', v_step.set_aside,
        'is_done', v_step.is_done
    );
end;
$$;

comment on function badges.repair_source(text, integer, boolean) is
'Tries one batch of what was set aside; to be called in a new transaction until is_done.';
