-- Tells when people's present run of qualifying activities, or their share, was enough.
--
-- From the end of the instant that brought it there until the one that took it away.
create or replace function badges_internal._sequence_spans(
    p_peer_mentor_ids uuid[],
    p_milestone badges_internal.milestones
)
returns table (peer_mentor_id uuid, held_during tstzmultirange)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select instant.peer_mentor_id, range_agg(tstzrange(instant.occurred_at, instant.next_at))
    from (
        select
            found.peer_mentor_id, found.occurred_at, min(found.value) as value,
            lead(found.occurred_at) over (
                partition by found.peer_mentor_id order by found.occurred_at
            ) as next_at
        from badges_internal._sequence_values(
            badges_internal._stat_definition(p_milestone.org_id, p_milestone.stat),
            p_peer_mentor_ids, null
        ) as found
        group by found.peer_mentor_id, found.occurred_at
    ) as instant
    where instant.value >= p_milestone.threshold
    group by instant.peer_mentor_id;
end;
$$;

comment on function badges_internal._sequence_spans(uuid[], badges_internal.milestones) is
'Tells when people''s present run of qualifying activities, or their share, was enough.';
