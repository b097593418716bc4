-- Gives the count, sum or active days that a part of a stat gets within given moments.
--
-- A day counts from its first activity on. p_first_day: none lies before it. Read page by page:
-- there may be thousands. Parameters: docs of _chosen_activities.
create or replace function badges_internal._value_between(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_first_day date,
    p_from timestamptz, -- the first moment
    p_before timestamptz, -- the first moment after them
    p_measure text
)
returns numeric
language plpgsql
volatile
set enable_bitmapscan = on
set enable_indexscan = off
as $$
declare
    -- No moment lies further than a day from its day.
    v_from constant date := greatest(p_first_day, (p_from at time zone 'UTC')::date - 1);
    v_to constant date := (p_before at time zone 'UTC')::date + 1;
begin
    if p_measure = 'active_days' then
        return (
            select
                count(distinct found.activity_date)
                - count(distinct found.activity_date) filter (where found.occurred_at < p_from)
            from badges_internal._chosen_activities(
                p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, v_from, v_to
            ) as found
            where found.occurred_at < p_before
        );
    end if;
    return (
        select case
            when p_measure = 'count' then count(*)
            else coalesce(sum(case when p_measure = 'sum' then found.measured end), 0)
        end
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, v_from, v_to
        ) as found
        where found.occurred_at >= p_from
        and found.occurred_at < p_before
    );
end;
$$;

comment on function badges_internal._value_between(
    uuid, text, text[], badges_internal.stat_route, text, date, timestamptz, timestamptz, text
) is
'Gives the count, sum or active days that a part of a stat gets within given moments.';
