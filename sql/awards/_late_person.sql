-- Tells what decides how a person's late activity is looked at.
--
-- is_few: docs of _is_read_whole. has_fallen: a value of the person fell. has_awards: some is dated
-- after the moment. One row, in line where it is called.
create or replace function badges_internal._late_person(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_occurred_at timestamptz
)
returns table (is_few boolean, has_fallen boolean, has_awards boolean)
language sql
stable
rows 1
as $$
select
    badges_internal._is_read_whole(base.activity_count),
    exists (
        select
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.has_negative
    ),
    exists (
        select
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.earned_at > p_occurred_at
    )
from badges.peer_mentor_stats as base
where base.peer_mentor_id = p_peer_mentor_id
and base.org_id = p_org_id
and base.stat = '*'
and base.bucket = ''
$$;

comment on function badges_internal._late_person(uuid, text, timestamptz) is
'Tells what decides how a person''s late activity is looked at.';
