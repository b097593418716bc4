-- Looks at the next activities for those of a source whose rows are gone or another's.
--
-- p_after, after: [peer_mentor_id, activity_id] of the last one looked at, null = from the start,
-- there were no more. Ten times as many as a batch has rows: most stand as they must.
--
-- Writes: as _settle_source_rows; badges_internal.source_rows_set_aside.
create or replace function badges_internal._read_activities(
    p_source text,
    p_after jsonb,
    p_batch integer,
    out written bigint,
    out after jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_prefix constant text := badges_internal._source_prefix(p_source);
    v_people uuid[];
    v_orgs text[];
    v_keys text[];
begin
    with looked_at as materialized (
        select held.peer_mentor_id, held.activity_id, held.org_id, held.idempotency_key
        from badges.activities as held
        where (held.peer_mentor_id, held.activity_id) > (
            coalesce((p_after ->> 0)::uuid, '00000000-0000-0000-0000-000000000000'),
            coalesce((p_after -> 1)::bigint, 0)
        )
        order by held.peer_mentor_id, held.activity_id
        limit p_batch * 10
    )
    select
        array_agg(found.peer_mentor_id) filter (where found.is_ours),
        array_agg(found.org_id) filter (where found.is_ours),
        array_agg(found.source_key) filter (where found.is_ours),
        (
            select jsonb_build_array(last.peer_mentor_id, last.activity_id)
            from looked_at as last
            order by last.peer_mentor_id desc, last.activity_id desc
            limit 1
        )
    into v_people, v_orgs, v_keys, after
    from (
        select
            looked_at.peer_mentor_id, looked_at.org_id,
            substr(looked_at.idempotency_key, length(v_prefix) + 1) as source_key,
            coalesce(starts_with(looked_at.idempotency_key, v_prefix), false) as is_ours
        from looked_at
    ) as found;
    written := 0;
    if v_keys is null then
        return;
    end if;
    select array_agg(wrong.peer_mentor_id), array_agg(wrong.org_id), array_agg(wrong.source_key)
    into v_people, v_orgs, v_keys
    from (
        select given.peer_mentor_id, given.org_id, given.source_key
        from unnest(v_people, v_orgs, v_keys) as given (peer_mentor_id, org_id, source_key)
        except
        select now.peer_mentor_id, now.org_id, now.source_key
        from badges_internal._read_source_rows(
            p_source, badges_internal._usable_source_keys(p_source, v_keys)
        ) as now
        where now.problem is null
    ) as wrong;
    if v_keys is not null then
        -- As what was set aside, which is tried one by one where it must be.
        insert into badges_internal.source_rows_set_aside (
            peer_mentor_id, org_id, source, source_key, reason, set_aside_at
        )
        select
            wrong.peer_mentor_id, wrong.org_id, p_source, wrong.source_key,
            'its row is gone or another''s', clock_timestamp()
        from unnest(v_people, v_orgs, v_keys) as wrong (peer_mentor_id, org_id, source_key);
    end if;
end;
$$;

comment on function badges_internal._read_activities(text, jsonb, integer) is
'Looks at the next activities for those of a source whose rows are gone or another''s.';
