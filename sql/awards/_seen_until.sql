-- Gives the moment up to which a person's time has passed: the last activity, or the last sweep.
create or replace function badges_internal._seen_until(p_peer_mentor_id uuid, p_org_id text)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return greatest(
        (
            select held.last_at
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = '*'
            and held.bucket = ''
        ),
        (
            select due.seen_until
            from badges_internal.due_people as due
            where due.peer_mentor_id = p_peer_mentor_id
            and due.org_id = p_org_id
        )
    );
end;
$$;

comment on function badges_internal._seen_until(uuid, text) is
'Gives the moment up to which a person''s time has passed: the last activity, or the last sweep.';
