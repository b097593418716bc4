-- Gives the count, sum or active days that a part of a stat gets within given moments.
--
-- A day counts from its first activity on. p_first_day, p_last_day: none lies outside of them. Read
-- page by page: there may be thousands. p_monthly: the stat that has the same of each month, whose
-- rows are read in place of whole months; null = none. Parameters: docs of _chosen_activities.
create or replace function badges_internal._value_between(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_first_day date,
    p_last_day date,
    p_from timestamptz, -- the first moment
    p_before timestamptz, -- the first moment after them
    p_measure text,
    p_monthly text default null
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
    v_to constant date := least(p_last_day, (p_before at time zone 'UTC')::date + 1);
    v_month date; -- the first of which all moments lie within
    v_end date; -- the first month after those
begin
    if p_monthly is not null then
        v_month := date_trunc('month', (v_from + 2)::timestamp) + interval '1 month';
        v_end := date_trunc('month', (v_to - 2)::timestamp);
    end if;
    if v_month < v_end then
        return (
            select coalesce(sum(
                case when p_measure = 'count' then held.activity_count else held.value_sum end
            ), 0)
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = p_monthly
            and held.bucket >= coalesce(to_char(v_month::timestamp, 'YYYY-MM-DD'), '')
            and held.bucket < coalesce(to_char(v_end::timestamp, 'YYYY-MM-DD'), 'infinity')
        ) + case when p_from = '-infinity' then 0 else badges_internal._value_between(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, v_from, v_month - 1, p_from,
            p_before, p_measure
        ) end + case when p_before = 'infinity' then 0 else badges_internal._value_between(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, v_end, v_to, p_from, p_before,
            p_measure
        ) end;
    end if;
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
    if p_bucket <> '' or num_nonnulls(p_route.predicate, p_route.value_field) > 0 then
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
    end if;
    -- The same of all activities of the types: there are most, and a look at each costs less.
    if p_measure = 'count' then
        return (
            select count(*)
            from badges.activities as a
            where a.peer_mentor_id = p_peer_mentor_id
            and a.org_id is not distinct from p_org_id
            and a.activity_date >= v_from
            and a.activity_date <= v_to
            and a.occurred_at >= p_from
            and a.occurred_at < p_before
            and (p_types is null or a.activity_type = any(p_types))
        );
    end if;
    return (
        select coalesce(sum(a.quantity), 0)
        from badges.activities as a
        where a.peer_mentor_id = p_peer_mentor_id
        and a.org_id is not distinct from p_org_id
        and a.activity_date >= v_from
        and a.activity_date <= v_to
        and a.occurred_at >= p_from
        and a.occurred_at < p_before
        and (p_types is null or a.activity_type = any(p_types))
    );
end;
$$;

comment on function badges_internal._value_between(
    uuid, text, text[], badges_internal.stat_route, text, date, date, timestamptz, timestamptz,
    text, text
) is
'Gives the count, sum or active days that a part of a stat gets within given moments.';
