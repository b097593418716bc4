-- Tells whether an activity may have changed a tenure: one falls due, or its stat began there.
--
-- It began on a day beside its first moment. The activity is in the rows of p_stats; p_last_at: the
-- person's last moment.
create or replace function badges_internal._may_touch_tenure(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stats text[],
    p_occurred_at timestamptz,
    p_last_at timestamptz
)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from badges_internal.due_people as due
        where due.peer_mentor_id = p_peer_mentor_id
        and due.org_id = p_org_id
        and due.next_due_at <= p_last_at
    ) or exists (
        select
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = any(p_stats)
        and held.bucket = ''
        and held.first_at >= p_occurred_at - interval '2 days'
    );
end;
$$;

comment on function badges_internal._may_touch_tenure(
    uuid, text, text[], timestamptz, timestamptz
) is
'Tells whether an activity may have changed a tenure: one falls due, or its stat began there.';
