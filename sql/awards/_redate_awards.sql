-- Moves earned_at back where a late activity made a rule true earlier.
--
-- Looks at the awards that rules gave and still hold, dated after the late moment.
--
-- Writes: badges.earned_badges, badges.award_events (redated).
create or replace function badges_internal._redate_awards(p_late badges_internal.late_person[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_held badges_internal.candidate[];
begin
    select array_agg(distinct row(
        earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, null, null
    )::badges_internal.candidate)
    into v_held
    from unnest(p_late) as late
    join badges.earned_badges as earned
        on earned.peer_mentor_id = late.peer_mentor_id
        and earned.org_id = late.org_id
        and earned.earned_at > late.occurred_at
        and earned.revoked_at is null
        and earned.source in ('rule', 'backfill', 'sweep');

    perform badges_internal._redate_badges(v_held);
end;
$$;

comment on function badges_internal._redate_awards(badges_internal.late_person[]) is
'Moves earned_at back where a late activity made a rule true earlier.';
