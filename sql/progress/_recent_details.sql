-- Tells of a condition on the days that end today what they hold, and which activities carry it.
--
-- {"last_days", "current"}: current as of a window, with "activities": [{"activity_id",
-- "activity_date", "until"}], the newest first, a hundred at most; until: the last day on which it
-- counts. Of distinct values the newest activity of each. Reads the person's activities of those
-- days.
create or replace function badges_internal._recent_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from constant date := p_as_of - p_milestone.last_days + 1;
    v_activities jsonb;
begin
    select jsonb_agg(
        jsonb_build_object(
            'activity_id', carrying.activity_id,
            'activity_date', carrying.activity_date,
            'until', carrying.activity_date + p_milestone.last_days - 1
        )
        order by carrying.occurred_at desc, carrying.activity_id desc
    )
    into v_activities
    from (
        select newest.*
        from (
            select distinct on (
                coalesce(chosen.element, chosen.activity_id::text)
            ) chosen.activity_id, chosen.activity_date, chosen.occurred_at
            from badges_internal._selected_activities(
                array[p_peer_mentor_id], p_milestone.org_id, p_milestone.stat, null, v_from, p_as_of
            ) as chosen
            where chosen.bucket is not null
            order by
                coalesce(chosen.element, chosen.activity_id::text), chosen.occurred_at desc,
                chosen.activity_id desc
        ) as newest
        order by newest.occurred_at desc, newest.activity_id desc
        limit 100
    ) as carrying;
    return jsonb_build_object(
        'last_days', p_milestone.last_days,
        'current', badges_internal._measured_between(
            p_peer_mentor_id, p_milestone, p_selector, null, v_from, p_as_of
        ) || jsonb_build_object('activities', coalesce(v_activities, '[]'))
    );
end;
$$;

comment on function badges_internal._recent_details(
    uuid, badges_internal.milestones, jsonb, date
) is
'Tells of a condition on the days that end today what they hold, and which activities carry it.';
