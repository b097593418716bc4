-- Settles rows of a source that were set aside, and gives how many are set aside no longer.
--
-- p_ids: of one source. p_is_late: who is being written is not come back to. Where they cannot be
-- written together they are tried in halves, down to the one that does wrong, which stays.
--
-- Writes: as _settle_source_rows; badges_internal.source_rows_set_aside.
create or replace function badges_internal._try_set_aside(
    p_source text,
    p_ids bigint[],
    p_is_late boolean
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_half constant integer := cardinality(p_ids) / 2;
    v_people uuid[];
    v_orgs text[];
    v_keys text[];
    v_busy text[];
    v_odd badges_internal.source_row[];
    v_count bigint;
begin
    select
        array_agg(aside.peer_mentor_id), array_agg(aside.org_id), array_agg(aside.source_key)
    into v_people, v_orgs, v_keys
    from badges_internal.source_rows_set_aside as aside
    where aside.source = p_source
    and aside.set_aside_id = any(p_ids);
    select settled.busy, settled.odd
    into v_busy, v_odd
    from badges_internal._settle_source_rows(
        p_source, array(select distinct unnest(v_keys)), v_people, v_orgs, v_keys
    ) as settled;
    -- What still cannot be an activity stays, once and under its own person.
    with kept as (
        update badges_internal.source_rows_set_aside as aside
        set tried_at = clock_timestamp(), reason = odd.problem
        from unnest(v_odd) as odd
        where aside.source = p_source
        and aside.set_aside_id = any(p_ids)
        and aside.source_key = odd.source_key
        and aside.peer_mentor_id = odd.peer_mentor_id
        and aside.org_id = odd.org_id
        and aside.source_key <> all(coalesce(v_busy, '{}'))
        and not exists (
            select
            from badges_internal.source_rows_set_aside as earlier
            where earlier.peer_mentor_id = aside.peer_mentor_id
            and earlier.org_id = aside.org_id
            and earlier.source = aside.source
            and earlier.source_key = aside.source_key
            and earlier.set_aside_id < aside.set_aside_id
        )
        returning aside.set_aside_id
    )
    delete from badges_internal.source_rows_set_aside as aside
    where aside.source = p_source
    and aside.set_aside_id = any(p_ids)
    and aside.source_key <> all(coalesce(v_busy, '{}'))
    and aside.set_aside_id not in (select kept.set_aside_id from kept);
    get diagnostics v_count = row_count;
    if p_is_late then
        update badges_internal.source_rows_set_aside as aside
        set tried_at = clock_timestamp()
        where aside.source = p_source
        and aside.set_aside_id = any(p_ids)
        and aside.source_key = any(v_busy);
    end if;
    return v_count;
exception
    when data_exception or integrity_constraint_violation or program_limit_exceeded
        or lock_not_available or transaction_rollback
    then
        if v_half = 0 then
            if p_is_late or sqlstate not like '40%' and sqlstate <> '55P03' then
                update badges_internal.source_rows_set_aside as aside
                set tried_at = clock_timestamp(), reason = left(sqlerrm, 500)
                where aside.source = p_source
                and aside.set_aside_id = any(p_ids);
            end if;
            return 0;
        end if;
        return badges_internal._try_set_aside(p_source, p_ids[:v_half], p_is_late)
            + badges_internal._try_set_aside(p_source, p_ids[v_half + 1:], p_is_late);
end;
$$;

comment on function badges_internal._try_set_aside(text, bigint[], boolean) is
'Settles rows of a source that were set aside, and gives how many are set aside no longer.';
