-- Tells whether an award of a row's stat may come true earlier by changed values.
--
-- Those that stay at their moments and days do not change when a count or a run was reached.
create or replace function badges_internal._may_date_earlier(p_part badges_internal.changed_part)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from badges_internal.milestones as milestone
        join badges.earned_badges as earned
            on earned.peer_mentor_id = p_part.peer_mentor_id
            and earned.org_id = p_part.org_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.tier = milestone.tier
            and earned.occurrence = milestone.occurrence
            and earned.revoked_at is null
            and earned.earned_at > p_part.first_at
        where milestone.org_id = p_part.org_id
        and milestone.stat = p_part.stat
        and (milestone.measure in ('sum', 'max', 'distinct') or p_part.elements is not null)
    );
end;
$$;

comment on function badges_internal._may_date_earlier(badges_internal.changed_part) is
'Tells whether an award of a row''s stat may come true earlier by changed values.';
