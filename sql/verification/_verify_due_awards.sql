-- Gives every award that the activities and the held badges call for, and since when.
--
-- A badge is called for from the first moment at which it held on; one that lapses only if it holds
-- at the moment up to which its person's time has passed, and since it last began to.
create or replace function badges_internal._verify_due_awards(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    earned_at timestamptz
)
language sql
stable
parallel safe
begin atomic
    with changes as materialized (
        select changed.*, definition.on_unmet = 'lapse' as is_lapsing
        from badges_internal._verify_badge_changes(p_scope) as changed
        inner join badges.badge_definitions as definition using (badge_definition_id)
    ), last_moments as (
        select happened.peer_mentor_id, happened.org_id, max(happened.at) as last_at
        from (
            select activity.peer_mentor_id, activity.org_id, activity.occurred_at as at
            from badges.activities as activity
            where badges_internal._verify_is_looked_at(p_scope, activity.peer_mentor_id)
            union all
            select award.peer_mentor_id, award.org_id, award.earned_at
            from badges.earned_badges as award
            where badges_internal._verify_is_looked_at(p_scope, award.peer_mentor_id)
            and award.revoked_at is null
            -- What lapses by its rule is held at that moment, or not at all.
            and (
                award.source not in ('rule', 'backfill', 'sweep')
                or (award.org_id, award.badge_definition_id) not in (
                    select changed.org_id, changed.badge_definition_id
                    from changes as changed
                    where changed.is_lapsing
                )
            )
            union all
            select swept.peer_mentor_id, swept.org_id, swept.seen_until
            from badges_internal.due_people as swept
            where badges_internal._verify_is_looked_at(p_scope, swept.peer_mentor_id)
        ) as happened
        where (happened.peer_mentor_id, happened.org_id) in (
            select changed.peer_mentor_id, changed.org_id
            from changes as changed
            where changed.is_lapsing
        )
        group by happened.peer_mentor_id, happened.org_id
    ), states as (
        select
            changed.*,
            sum(changed.change) over in_order >= 1 as holds,
            coalesce(
                sum(changed.change) over (
                    in_order groups between unbounded preceding and 1 preceding
                ) >= 1,
                false
            ) as held
        from changes as changed
        inner join last_moments as moment using (peer_mentor_id, org_id)
        where changed.is_lapsing
        and changed.changed_at <= moment.last_at
        window in_order as (
            partition by
                changed.peer_mentor_id, changed.org_id, changed.badge_definition_id,
                changed.tier, changed.occurrence
            order by changed.changed_at
        )
    )
    select
        changed.peer_mentor_id, changed.org_id, changed.badge_definition_id, changed.tier,
        changed.occurrence, min(changed.changed_at)
    from changes as changed
    where changed.change = 1
    and not changed.is_lapsing
    group by 1, 2, 3, 4, 5
    union all
    select
        state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
        state.occurrence, max(state.changed_at) filter (where state.holds and not state.held)
    from states as state
    group by 1, 2, 3, 4, 5
    having (array_agg(state.holds order by state.changed_at desc))[1];
end;

comment on function badges_internal._verify_due_awards(badges_internal.verified_scope) is
'Gives every award that the activities and the held badges call for, and since when.';
