-- Finds those of the given people for whom other statements may have counted the new activities.
--
-- p_counts, p_activity_ids: how many a person brought, and the first of them. Who has no base row
-- yet must have no other activities than these: they are looked at unless the server's counters say
-- that the transaction wrote these rows alone. Call it before the base rows are written.
create or replace function badges_internal._touched_people(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_counts bigint[],
    p_activity_ids bigint[],
    out peer_mentor_ids uuid[],
    out org_ids text[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table constant regclass := 'badges.activities';
    v_is_alone constant boolean := pg_stat_get_xact_tuples_updated(v_table) = 0
        and pg_stat_get_xact_tuples_deleted(v_table) = 0
        and pg_stat_get_xact_tuples_inserted(v_table) = (
            select sum(brought)
            from unnest(p_counts) as brought
        );
begin
    select array_agg(arrived.peer_mentor_id), array_agg(arrived.org_id)
    into peer_mentor_ids, org_ids
    from unnest(p_peer_mentor_ids, p_org_ids, p_counts, p_activity_ids)
        as arrived (peer_mentor_id, org_id, activity_count, activity_id)
    -- By the whole key: the partial index on base rows is not sorted by person.
    cross join (select '*'::text as stat offset 0) as base
    left join lateral (
        select own.peer_mentor_id, own.counted_in, own.counted_upto
        from badges.peer_mentor_stats as own
        where own.peer_mentor_id = arrived.peer_mentor_id
        and own.org_id = arrived.org_id
        and own.stat = base.stat
        and own.bucket = ''
        and own.last_at is not null
        offset 0
    ) as held on true
    where case
        when held.peer_mentor_id is null then not v_is_alone and arrived.activity_count <> (
            select count(*)
            from badges.activities as activity
            where activity.peer_mentor_id = arrived.peer_mentor_id
            and activity.org_id = arrived.org_id
        )
        when held.counted_in = pg_current_xact_id()
            then badges_internal._is_touched(arrived.activity_id, held.counted_upto)
    end;
end;
$$;

comment on function badges_internal._touched_people(uuid[], text[], bigint[], bigint[]) is
'Finds those of the given people for whom other statements may have counted the new activities.';
