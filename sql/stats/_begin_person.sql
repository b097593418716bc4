-- Writes the base row of somebody's first activity, and tells whether it is the first indeed.
--
-- It is not where a base row stands already, as decisions by hand leave it, and where the table has
-- others of the person that were not counted, or has no longer what was inserted: by a statement
-- around this one, inside it or beside it; nor where it begins of an older version than p_version,
-- the rules'. p_pending: others of this statement.
--
-- Writes: badges.peer_mentor_stats.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._begin_person(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_occurred_at timestamptz,
    p_day date,
    p_quantity numeric,
    p_activity_id bigint,
    p_pending bigint[],
    p_version integer,
    out is_first boolean,
    out has_reached boolean
)
language plpgsql
volatile
as $$
declare
    v_ids constant bigint[] := p_activity_id || coalesce(p_pending, '{}');
    v_version integer;
begin
    perform badges_internal._hold_organizations(array[p_org_id]);
    select beginning.version
    into v_version
    from badges.organizations as organization
    cross join lateral badges_internal._beginning_version(p_peer_mentor_id, organization)
        as beginning
    where organization.org_id = p_org_id;
    select begun.row_count = 1 and v_version = p_version, begun.has_reached
    into is_first, has_reached
    from badges_internal._begin_stats(
        p_peer_mentor_id, p_org_id, array['*'], null, null, null, p_occurred_at, p_day, p_quantity,
        v_version, p_pending is null
    ) as begun;
    is_first := is_first
        and cardinality(v_ids) = (
            select count(*)
            from badges.activities as activity
            where activity.peer_mentor_id = p_peer_mentor_id
            and activity.activity_id = any(v_ids)
        )
        and not exists (
            select
            from badges.activities as activity
            where activity.peer_mentor_id = p_peer_mentor_id
            and activity.org_id = p_org_id
            and activity.activity_id <> all (v_ids)
        );
end;
$$;

comment on function badges_internal._begin_person(
    uuid, text, timestamptz, date, numeric, bigint, bigint[], integer
) is
'Writes the base row of somebody''s first activity, and tells whether it is the first indeed.';
