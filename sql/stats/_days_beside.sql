-- Gives the last day up to one, and the first from one on, on which a row has an activity.
--
-- p_types, p_route, p_bucket: docs of _chosen_activities. p_hidden, p_hidden_days: activities and
-- days that are not seen. null = none. One row, in line where it is called.
create or replace function badges_internal._days_beside(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_upto date,
    p_from date,
    p_hidden bigint[],
    p_hidden_days date[]
)
returns table (day_before date, day_after date)
language sql
stable
rows 1
as $$
select
    (
        select found.activity_date
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, '-infinity', p_upto
        ) as found
        where found.activity_id <> all (p_hidden)
        and found.activity_date <> all (p_hidden_days)
        order by found.activity_date desc
        limit 1
    ),
    (
        select found.activity_date
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, p_from, 'infinity'
        ) as found
        where found.activity_id <> all (p_hidden)
        and found.activity_date <> all (p_hidden_days)
        order by found.activity_date
        limit 1
    )
$$;

comment on function badges_internal._days_beside(
    uuid, text, text[], badges_internal.stat_route, text, date, date, bigint[], date[]
) is
'Gives the last day up to one, and the first from one on, on which a row has an activity.';
