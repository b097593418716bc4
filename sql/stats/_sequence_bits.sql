-- Reads a stretch of a person's sequence: a 1 or 0 for each activity, and their moments.
--
-- In order; within an instant those that do not qualify come first. p_since null: from the first;
-- p_before null: to the last. p_pending: activities that must not be seen. Null where there are
-- none.
create or replace function badges_internal._sequence_bits(
    p_peer_mentor_id uuid,
    p_defined badges_internal.stat_definitions,
    p_since timestamptz,
    p_before timestamptz,
    p_pending bigint[],
    out bits text,
    out moments timestamptz[]
)
language plpgsql
volatile
as $$
declare
    v_types constant text[] := p_defined.activity_types;
    v_route constant badges_internal.stat_route := p_defined.route;
begin
    select string_agg(found.qualifies::text, ''), array_agg(found.occurred_at)
    into bits, moments
    from (
        select chosen.occurred_at, chosen.qualifies
        from badges_internal._sequence_activities(
            p_peer_mentor_id, p_defined.org_id, v_types, v_route,
            coalesce((p_since at time zone 'UTC')::date - 1, '-infinity'),
            coalesce((p_before at time zone 'UTC')::date + 1, 'infinity'),
            p_pending
        ) as chosen
        where (p_since is null or chosen.occurred_at >= p_since)
        and (p_before is null or chosen.occurred_at < p_before)
        order by chosen.occurred_at, chosen.qualifies
    ) as found;
end;
$$;

comment on function badges_internal._sequence_bits(
    uuid, badges_internal.stat_definitions, timestamptz, timestamptz, bigint[]
) is
'Reads a stretch of a person''s sequence: a 1 or 0 for each activity, and their moments.';
