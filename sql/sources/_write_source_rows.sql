-- Writes activities as rows of a source now read, where they read otherwise before.
--
-- p_before: what must not stay unless it is in p_after too, null = nothing; only key, person and
-- organization count. p_after: what must be; where p_before is null it is new, most likely. What
-- has a problem is set aside. Elements without a key are passed over.
--
-- Locks:  what inserts, updates and deletes of badges.activities lock.
-- Writes: badges.activities, badges.external_ids, badges_internal.source_rows_set_aside.
-- Raises: 40001 for somebody who was merged into another after the rows were read.
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
    v_wanted bigint;
    v_problems bigint;
    v_named bigint;
    v_written bigint := 0;
    v_count bigint;
    v_row badges_internal.source_row;
begin
    -- The most common statement by far: one row that is new.
    if p_before is null and cardinality(p_after) = 1 and (p_after[1]).problem is null then
        v_row := p_after[1];
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,
            attributes, idempotency_key
        )
        values (
            v_row.org_id, v_row.peer_mentor_id, v_row.activity_type, v_row.occurred_at,
            v_row.activity_date, v_row.quantity, v_row.attributes, v_prefix || v_row.source_key
        )
        on conflict (peer_mentor_id, org_id, idempotency_key) do nothing;
        if found and v_row.external_id is null and not exists (
            select from badges_internal._merges_of(v_row.peer_mentor_id, v_row.org_id)
        ) then
            return;
        end if;
    end if;
    if p_before is not null then
        perform badges_internal._delete_source_activities(p_source, p_before, p_after);
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
    -- A merge that was waited for: its person has been the other since.
    if exists (
        select
        from unnest(p_after) as now
        cross join lateral badges_internal._merges_of(now.peer_mentor_id, now.org_id)
        where now.problem is null
    ) then
        raise exception 'its person was merged into another meanwhile'
        using errcode = '40001', hint = 'Read the rows again.';
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
