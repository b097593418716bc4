-- Gives every activity of the people once for each stat that chooses it, with what it counts for.
--
-- The base stats '*' and '=type' choose whatever the rules say. STABLE as all of these helpers, so
-- that one verification reads the one snapshot of the statement that calls them.
create or replace function badges_internal._verify_choices(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    activity_id bigint,
    occurred_at timestamptz,
    activity_date date,
    value numeric,
    element text,
    element_value numeric
)
language sql
stable
parallel safe
begin atomic
    select
        activity.peer_mentor_id,
        activity.org_id,
        base.stat,
        '',
        activity.activity_id,
        activity.occurred_at,
        activity.activity_date,
        activity.quantity,
        null::text,
        null::numeric
    from badges.activities as activity
    cross join lateral (values ('*'), ('=' || activity.activity_type)) as base (stat)
    where (p_people is null or activity.peer_mentor_id = any(p_people))
    union all
    select choice.*
    from badges_internal._verify_rule_choices(p_people) as choice;
end;

comment on function badges_internal._verify_choices(uuid[]) is
'Gives every activity of the people once for each stat that chooses it, with what it counts for.';
