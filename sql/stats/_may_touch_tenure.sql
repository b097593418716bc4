-- Tells whether an activity may have changed a tenure: one falls due, or its stat began there.
--
-- It began on a day beside its first moment. The activity is in the rows of p_stats; p_last_at: the
-- person's last moment.
create or replace function badges_internal._may_touch_tenure(
    p_new badges_internal.new_activity,
    p_stats text[],
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
        where due.peer_mentor_id = p_new.peer_mentor_id
        and due.org_id = p_new.org_id
        and due.next_due_at <= p_last_at
    ) or exists (
        select
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and held.stat = any(p_stats)
        and held.bucket = ''
        and held.first_at >= p_new.occurred_at - interval '2 days'
    );
end;
$$;

comment on function badges_internal._may_touch_tenure(
    badges_internal.new_activity, text[], timestamptz
) is
'Tells whether an activity may have changed a tenure: one falls due, or its stat began there.';
