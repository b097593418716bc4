-- Erases people of a source who are still to be erased, and gives how many.
--
-- With the person goes what is set aside. Who cannot be erased stays there, with the reason.
--
-- Writes: as _erase_person, badges_internal.source_rows_set_aside.
create or replace function badges_internal._erase_set_aside(p_source text)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person uuid;
    v_count bigint := 0;
begin
    for v_person in
        select distinct aside.peer_mentor_id
        from badges_internal.source_rows_set_aside as aside
        where aside.source = p_source
        and aside.source_key = ''
        and aside.peer_mentor_id <> '00000000-0000-0000-0000-000000000000'
        order by aside.peer_mentor_id
    loop
        begin
            perform badges_internal._erase_person(v_person, null);
            v_count := v_count + 1;
        exception
            when data_exception or integrity_constraint_violation or program_limit_exceeded
                or lock_not_available or transaction_rollback
            then
                update badges_internal.source_rows_set_aside as aside
                set tried_at = clock_timestamp(), reason = left('is not erased: ' || sqlerrm, 500)
                where aside.peer_mentor_id = v_person
                and aside.source = p_source
                and aside.source_key = '';
        end;
    end loop;
    return v_count;
end;
$$;

comment on function badges_internal._erase_set_aside(text) is
'Erases people of a source who are still to be erased, and gives how many.';
