-- Erases a person, whoever asks; gives what erase_peer_mentor gives.
--
-- Locks:  badges_internal.merged_people, which merges alone wait for, then as _hold_person.
-- Writes: as erase_peer_mentor.
create or replace function badges_internal._erase_person(
    p_peer_mentor_id uuid,
    p_org_id text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_orgs text[];
    v_is_last boolean;
    v_kept record;
    v_removed bigint;
    v_all jsonb := '{}';
    v_receipt badges_internal.erasure_receipts;
begin
    -- Waits for a merge before anything is held.
    lock table badges_internal.merged_people in row exclusive mode;
    v_orgs := badges_internal._hold_person(p_peer_mentor_id, null, p_org_id);
    -- The snapshot of the triggers needs no keeping: it goes.
    perform badges_internal._mark_uncounted(array[p_peer_mentor_id], v_orgs);
    perform badges_internal._forget_strangers(
        array_fill(p_peer_mentor_id, array[cardinality(v_orgs)]), v_orgs
    );
    v_is_last := p_org_id is null
        or badges_internal._organizations_of(p_peer_mentor_id) <@ v_orgs;
    if v_is_last then
        v_all := jsonb_build_object('names', badges_internal._erase_names(p_peer_mentor_id));
    end if;
    for v_kept in
        select kept.table_name, kept.belongs_to
        from badges_internal._person_tables() as kept
        order by kept.place
    loop
        execute badges_internal._person_statement('erase', v_kept.table_name, v_kept.belongs_to)
        using
            p_peer_mentor_id,
            case when p_org_id is not null or v_kept.belongs_to = 'organization' then v_orgs end,
            v_is_last;
        get diagnostics v_removed = row_count;
        v_all := v_all || jsonb_build_object(v_kept.table_name, v_removed);
    end loop;
    insert into badges_internal.erasure_receipts (org_id, erased_at, erased_by, removed)
    values (p_org_id, clock_timestamp(), badges_internal._acting_role(), v_all)
    returning * into v_receipt;
    raise log 'somebody was erased: receipt % (transaction %)',
        v_receipt.receipt_id, pg_current_xact_id();
    return to_jsonb(v_receipt);
end;
$$;

comment on function badges_internal._erase_person(uuid, text) is
'Erases a person, whoever asks; gives what erase_peer_mentor gives.';
