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
declare
    v_late badges_internal.late_activity;
    v_known badges_internal.late_activity; -- the one looked at before
    v_is_barred boolean; -- the organization has a badge with none_of
begin
    -- Small statements by partial indexes: hardly anybody has either.
    foreach v_late in array p_late loop
        if v_late.peer_mentor_id is distinct from v_known.peer_mentor_id
            or v_late.org_id <> v_known.org_id
        then
            perform
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = v_late.peer_mentor_id
            and held.org_id = v_late.org_id
            and held.has_negative;
            if found then
                return true;
            end if;
            v_is_barred := exists (
                select
                from badges_internal.condition_groups as barring
                where barring.org_id = v_late.org_id
                and barring.kind = 'none_of'
            );
        end if;
        v_known := v_late;
        continue when not v_is_barred;
        perform
        from badges_internal.condition_groups as barring
        join badges_internal.milestones as milestone
            on milestone.org_id = barring.org_id
            and milestone.badge_definition_id = barring.badge_definition_id
            and milestone.stat = any(v_late.stats)
        where barring.org_id = v_late.org_id
        and barring.kind = 'none_of'
        and badges_internal._may_decide_anew(
            v_late.peer_mentor_id, v_late.org_id, barring.badge_definition_id, v_late.occurred_at
        );
        if found then
            return true;
        end if;
    end loop;
    return false;
end;
$$;

comment on function badges_internal._may_have_held(badges_internal.late_activity[]) is
'Tells whether late activities are of badges that may have held at a moment and not hold now.';
