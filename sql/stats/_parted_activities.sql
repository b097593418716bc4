-- Reads all activities that a stat selects, each in every part (bucket) it is measured in.
--
-- A rolling window is a part of its own: it opens with the first activity on its last day, and what
-- lies before counts in it from then on. Otherwise as _selected_activities.
create or replace function badges_internal._parted_activities(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric,
    element text,
    element_measured numeric
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_days constant integer
        := (badges_internal._stat_definition(p_org_id, p_stat)).route.rolling_days;
begin
    if v_days is null then
        return query
        select *
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null, null, null
        );
        return;
    end if;
    return query
    with chosen as materialized (
        select *
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null, null, null
        )
    ),
    windows as (
        select distinct on (found.peer_mentor_id, found.bucket, found.activity_date)
            found.peer_mentor_id, found.bucket, found.activity_date as last_day,
            found.occurred_at as opened_at, found.activity_id as opening_id
        from chosen as found
        order by
            found.peer_mentor_id, found.bucket, found.activity_date, found.occurred_at,
            found.activity_id desc
    )
    select
        found.peer_mentor_id,
        opened.bucket || ' ' || opened.last_day,
        found.activity_date,
        greatest(found.occurred_at, opened.opened_at),
        case
            when found.occurred_at < opened.opened_at then opened.opening_id
            else found.activity_id
        end,
        found.measured,
        found.element,
        found.element_measured
    from windows as opened
    join chosen as found
        on found.peer_mentor_id = opened.peer_mentor_id
        and found.bucket = opened.bucket
        and found.activity_date <= opened.last_day
        and found.activity_date > opened.last_day - v_days;
end;
$$;

comment on function badges_internal._parted_activities(uuid[], text, text) is
'Reads all activities that a stat selects, each in every part (bucket) it is measured in.';
