-- Gives the moment at which it is judged what a person holds of badges that lapse.
--
-- p_as_of, but not before their last activity or sweep, nor before what they hold was earned; that
-- leaves out what is judged here: it is held at the moment asked for, or not at all.
create or replace function badges_internal._judged_at(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_as_of timestamptz
)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return greatest(
        badges_internal._seen_until(p_peer_mentor_id, p_org_id),
        p_as_of,
        (
            select max(earned.earned_at)
            from badges.earned_badges as earned
            where earned.peer_mentor_id = p_peer_mentor_id
            and earned.org_id = p_org_id
            and earned.revoked_at is null
            and not (
                earned.source in ('rule', 'backfill', 'sweep')
                and exists (
                    select
                    from badges_internal.milestones as milestone
                    where milestone.org_id = p_org_id
                    and milestone.badge_definition_id = earned.badge_definition_id
                    and milestone.measure = 'lapse'
                )
            )
        )
    );
end;
$$;

comment on function badges_internal._judged_at(uuid, text, timestamptz) is
'Gives the moment at which it is judged what a person holds of badges that lapse.';
