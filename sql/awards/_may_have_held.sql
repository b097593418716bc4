-- Tells whether late activities are of badges that may have held at a moment and not hold now.
--
-- A value of their people fell, or they may decide a badge with none_of.
create or replace function badges_internal._may_have_held(
    p_late badges_internal.late_activity[]
)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from unnest(p_late) as late
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = late.peer_mentor_id
            and held.org_id = late.org_id
            and held.has_negative
    ) or exists (
        select
        from unnest(p_late) as late
        join badges_internal.condition_groups as barring
            on barring.org_id = late.org_id
            and barring.kind = 'none_of'
        join badges_internal.milestones as milestone
            on milestone.org_id = barring.org_id
            and milestone.badge_definition_id = barring.badge_definition_id
            and milestone.stat = any(late.stats)
        where badges_internal._may_decide_anew(
            late.peer_mentor_id, late.org_id, barring.badge_definition_id, late.occurred_at
        )
    );
end;
$$;

comment on function badges_internal._may_have_held(badges_internal.late_activity[]) is
'Tells whether late activities are of badges that may have held at a moment and not hold now.';
