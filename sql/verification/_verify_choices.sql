-- Gives every activity of the people once for each part of a stat that it is measured in.
--
-- The base stats '*' and '=type' choose whatever the rules say. A rolling window is a part of its
-- own, named by its last day. p_measures and p_has_elements are those of _verify_selectors. STABLE
-- as all of these helpers, so that one verification reads the one snapshot of the statement that
-- calls them.
create or replace function badges_internal._verify_choices(
    p_people uuid[],
    p_measures text[],
    p_has_elements boolean
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    window_end date,
    occurred_at timestamptz,
    activity_date date,
    value numeric,
    element text,
    element_amount numeric
)
language sql
stable
parallel safe
begin atomic
    select
        activity.peer_mentor_id,
        activity.org_id,
        base.stat,
        '' as bucket,
        null::date as window_end,
        activity.occurred_at,
        activity.activity_date,
        activity.quantity as value,
        null::text as element,
        null::numeric as element_amount
    from badges.activities as activity
    cross join lateral (values ('*'), ('=' || activity.activity_type)) as base (stat)
    where p_has_elements is not true
    and (p_people is null or activity.peer_mentor_id = any(p_people))
    and (p_measures is null or (activity.org_id, base.stat) in (
        select milestone.org_id, milestone.stat
        from badges_internal.milestones as milestone
        where milestone.measure = any(p_measures)
    ))
    union all
    select
        choice.peer_mentor_id,
        choice.org_id,
        choice.stat,
        choice.bucket,
        null,
        choice.occurred_at,
        choice.activity_date,
        choice.value,
        choice.element,
        choice.element_amount
    from badges_internal._verify_rule_choices(p_people, p_measures, p_has_elements, false) as choice
    union all
    select choice.*
    from badges_internal._verify_rolling_choices(p_people, p_measures, p_has_elements) as choice;
end;

comment on function badges_internal._verify_choices(uuid[], text[], boolean) is
'Gives every activity of the people once for each part of a stat that it is measured in.';
