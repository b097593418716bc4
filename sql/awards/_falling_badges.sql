-- Lists the badges on values that fell: a late activity may complete one and cross nothing.
--
-- The value of now may be too low where that of an earlier moment is enough; a part that fell may
-- have held at the moment to which the late activity moves another part.
create or replace function badges_internal._falling_badges(
    p_late badges_internal.late_person[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select array_agg(distinct row(
            late.peer_mentor_id, late.org_id, milestone.badge_definition_id, null::timestamptz,
            null::bigint
        )::badges_internal.candidate)
        from unnest(p_late) as late
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = late.peer_mentor_id
            and held.org_id = late.org_id
            and held.has_negative
        join badges_internal.milestones as milestone
            on milestone.org_id = held.org_id
            and milestone.stat = held.stat
    );
end;
$$;

comment on function badges_internal._falling_badges(badges_internal.late_person[]) is
'Lists the badges on values that fell: a late activity may complete one and cross nothing.';
