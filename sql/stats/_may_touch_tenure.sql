-- Tells whether an activity may have changed a tenure: one falls due, or its stat began there.
--
-- It began on a day beside its first moment. The activity is in the rows of p_stats, and the base
-- row knows the person's last moment.
create or replace function badges_internal._may_touch_tenure(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = any(p_stats)
        and held.bucket = ''
        and held.first_at >= p_occurred_at - interval '2 days'
    ) or exists (
        select
        from badges_internal.due_people as due
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = due.peer_mentor_id
            and held.org_id = due.org_id
            and held.stat = '*'
            and held.bucket = ''
        where due.peer_mentor_id = p_peer_mentor_id
        and due.org_id = p_org_id
        and due.next_due_at <= held.last_at
    );
end;
$$;

comment on function badges_internal._may_touch_tenure(uuid, text, text[], timestamptz) is
'Tells whether an activity may have changed a tenure: one falls due, or its stat began there.';
