-- Counts or sums the activities of one person's part of a stat within given moments.
--
-- p_first_day: none of them lies before it. Read page by page: there may be thousands. Parameters:
-- docs of _chosen_activities.
create or replace function badges_internal._value_between(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_first_day date,
    p_from timestamptz, -- the first moment
    p_before timestamptz, -- the first moment after them
    p_is_count boolean
)
returns numeric
language plpgsql
volatile
set enable_bitmapscan = on
set enable_indexscan = off
as $$
begin
    return (
        select coalesce(case when p_is_count then count(*) else sum(found.measured) end, 0)
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
            -- No moment lies further than a day from its day.
            greatest(p_first_day, (p_from at time zone 'UTC')::date - 1),
            (p_before at time zone 'UTC')::date + 1
        ) as found
        where found.occurred_at >= p_from
        and found.occurred_at < p_before
    );
end;
$$;

comment on function badges_internal._value_between(
    uuid, text, text[], badges_internal.stat_route, text, date, timestamptz, timestamptz, boolean
) is
'Counts or sums the activities of one person''s part of a stat within given moments.';
