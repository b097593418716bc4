-- Deletes the activities of rows that are gone, another's or no activity any more.
--
-- Those of p_before whose key, person and organization are not in p_after too. An old snapshot does
-- not show what another session has brought in since: what is not found by one is set aside.
--
-- Writes: badges.activities, badges_internal.source_rows_set_aside.
create or replace function badges_internal._delete_source_activities(
    p_source text,
    p_before badges_internal.source_row[],
    p_after badges_internal.source_row[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_prefix constant text := badges_internal._source_prefix(p_source);
    v_people uuid[];
    v_orgs text[];
    v_keys text[];
    v_count bigint;
begin
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
    if v_people is null then
        return;
    end if;
    delete from badges.activities as held
    using unnest(v_people, v_orgs, v_keys) as gone (peer_mentor_id, org_id, source_key)
    where held.peer_mentor_id = gone.peer_mentor_id
    and held.org_id = gone.org_id
    and held.idempotency_key = v_prefix || gone.source_key;
    get diagnostics v_count = row_count;
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
end;
$$;

comment on function badges_internal._delete_source_activities(
    text, badges_internal.source_row[], badges_internal.source_row[]
) is
'Deletes the activities of rows that are gone, another''s or no activity any more.';
