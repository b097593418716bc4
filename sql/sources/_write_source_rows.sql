-- Writes activities as rows of a source now read, where they read otherwise before.
--
-- p_before: what must not stay unless it is in p_after too, null = nothing; only key, person and
-- organization count. p_after: what must be; where p_before is null it is new, most likely. What
-- has a problem is set aside. Elements without a key are passed over.
--
-- Locks:  what inserts, updates and deletes of badges.activities lock.
-- Writes: badges.activities, badges.external_ids, badges_internal.source_rows_set_aside.
create or replace function badges_internal._write_source_rows(
    p_source text,
    p_before badges_internal.source_row[],
    p_after badges_internal.source_row[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_prefix constant text := badges_internal._source_prefix(p_source);
    v_people uuid[];
    v_orgs text[];
    v_keys text[];
    v_wanted bigint;
    v_problems bigint;
    v_named bigint;
    v_written bigint := 0;
    v_count bigint;
begin
    if p_before is not null then
        select array_agg(gone.peer_mentor_id), array_agg(gone.org_id), array_agg(gone.source_key)
        into v_people, v_orgs, v_keys
        from (
            select was.peer_mentor_id, was.org_id, was.source_key
            from unnest(p_before) as was
            where was.source_key is not null
            except
            select now.peer_mentor_id, now.org_id, now.source_key
            from unnest(p_after) as now
            where now.problem is null
            order by 1, 2, 3
        ) as gone;
    end if;
    if v_people is not null then
        delete from badges.activities as held
        using unnest(v_people, v_orgs, v_keys) as gone (peer_mentor_id, org_id, source_key)
        where held.peer_mentor_id = gone.peer_mentor_id
        and held.org_id = gone.org_id
        and held.idempotency_key = v_prefix || gone.source_key;
        get diagnostics v_count = row_count;
        -- An old snapshot does not show what another session has brought in since.
        if v_count < cardinality(v_people)
            and current_setting('transaction_isolation') <> 'read committed'
        then
            insert into badges_internal.source_rows_set_aside (
                peer_mentor_id, org_id, source, source_key, reason, set_aside_at
            )
            select
                gone.peer_mentor_id, gone.org_id, p_source, gone.source_key,
                'its activity was not to be seen by the transaction that removed it',
                clock_timestamp()
            from unnest(v_people, v_orgs, v_keys) as gone (peer_mentor_id, org_id, source_key);
        end if;
    end if;

    select
        count(*) filter (where now.problem is null), count(now.problem), count(now.external_id)
    into v_wanted, v_problems, v_named
    from unnest(p_after) as now
    where now.source_key is not null;
    if v_problems > 0 then
        perform badges_internal._set_rows_aside(p_source, p_after);
    end if;
    if v_wanted = 0 then
        return;
    end if;
    if p_before is not null then
        v_written := badges_internal._change_source_activities(v_prefix, p_after);
    end if;
    if v_written < v_wanted then
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,
            attributes, idempotency_key
        )
        select
            now.org_id, now.peer_mentor_id, now.activity_type, now.occurred_at,
            now.activity_date, now.quantity, now.attributes, v_prefix || now.source_key
        from unnest(p_after) as now
        where now.problem is null
        and now.source_key is not null
        order by now.peer_mentor_id, now.org_id
        on conflict (peer_mentor_id, org_id, idempotency_key) do nothing;
        get diagnostics v_count = row_count;
        v_written := v_written + v_count;
        -- What another session has brought in meanwhile may be of an older state of the row.
        if v_written < v_wanted then
            perform badges_internal._change_source_activities(v_prefix, p_after);
        end if;
    end if;
    if v_named > 0 then
        perform badges_internal._name_source_people(p_source, p_after);
    end if;
end;
$$;

comment on function badges_internal._write_source_rows(
    text, badges_internal.source_row[], badges_internal.source_row[]
) is
'Writes activities as rows of a source now read, where they read otherwise before.';
