-- Gives the latest activity of a person at a moment in an organization, null where there is none.
--
-- Found by the days that an activity of the moment may have.
create or replace function badges_internal._activity_at(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_occurred_at timestamptz
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select max(activity.activity_id)
        from badges.activities as activity
        where activity.peer_mentor_id = p_peer_mentor_id
        and activity.org_id is not distinct from p_org_id
        and activity.occurred_at = p_occurred_at
        and activity.activity_date >= (p_occurred_at - interval '3 days')::date
        and activity.activity_date <= (p_occurred_at + interval '3 days')::date
    );
end;
$$;

comment on function badges_internal._activity_at(uuid, text, timestamptz) is
'Gives the latest activity of a person at a moment in an organization, null where there is none.';
