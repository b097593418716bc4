-- What the engine is measured beside: the same table without a trigger, with the trigger that people
-- write by hand, and with one that does only what no engine in PL/pgSQL can leave away.
create schema bench;

create table bench.bare_activities (like badges.activities including all);
create table bench.hand_activities (like badges.activities including all);
create table bench.floor_activities (like badges.activities including all);
create table bench.floor_stats (like badges.peer_mentor_stats including all);

create table bench.hand_stats (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    activity_count bigint not null,
    assignment_count bigint not null,
    call_count bigint not null,
    hearing_aid_count bigint not null,
    large_group_count bigint not null,
    hours numeric not null,
    kind_count bigint not null,
    course_count bigint not null,
    busiest_month bigint not null,
    longest_week_run bigint not null,
    longest_month_run bigint not null,
    last_date date,
    primary key (peer_mentor_id, org_id)
) with (fillfactor = 70);

create table bench.hand_awards (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    badge text collate "C" not null,
    earned_at timestamptz not null,
    primary key (peer_mentor_id, org_id, badge)
);

-- Recomputes one mentor from all activities, in one query, and awards what now holds.
create function bench.recompute_mentor(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_occurred_at timestamptz
)
returns void
language plpgsql
as $$
declare
    v_stats bench.hand_stats;
    v_held text[];
    v_due text[] := '{}';
begin
    with mine as materialized (
        select activity_type, activity_date, quantity, attributes
        from bench.hand_activities
        where peer_mentor_id = p_peer_mentor_id
        and org_id = p_org_id
    ),
    months as (
        select
            date_trunc('month', activity_date)::date as month,
            count(*) filter (where activity_type = 'assignment') as assignments
        from mine
        group by 1
    ),
    week_runs as (
        select count(*) as length
        from (
            select week, week - 7 * row_number() over (order by week)::integer as island
            from (select distinct date_trunc('week', activity_date)::date as week from mine) as w
        ) as numbered
        group by island
    ),
    month_runs as (
        select count(*) as length
        from (
            select month, month - row_number() over (order by month) * interval '1 month' as island
            from months
        ) as numbered
        group by island
    )
    select
        p_peer_mentor_id,
        p_org_id,
        count(*),
        count(*) filter (where activity_type = 'assignment'),
        count(*) filter (where activity_type = 'call'),
        count(*) filter (
            where activity_type = 'assignment' and attributes ->> 'kind' in ('home_visit', 'clinic')
        ),
        count(*) filter (
            where activity_type = 'group_meeting' and (attributes ->> 'participants')::integer >= 8
        ),
        coalesce(sum(quantity) filter (where activity_type in ('assignment', 'group_meeting')), 0),
        count(distinct attributes ->> 'kind') filter (where activity_type = 'assignment'),
        count(distinct attributes ->> 'course') filter (
            where activity_type = 'training_completed'
            and attributes ->> 'course' in ('role', 'boundaries', 'conversation')
        ),
        coalesce((select max(assignments) from months), 0),
        coalesce((select max(length) from week_runs), 0),
        coalesce((select max(length) from month_runs), 0),
        max(activity_date)
    into v_stats
    from mine;

    insert into bench.hand_stats as held values (v_stats.*)
    on conflict (peer_mentor_id, org_id) do update set
        activity_count = excluded.activity_count,
        assignment_count = excluded.assignment_count,
        call_count = excluded.call_count,
        hearing_aid_count = excluded.hearing_aid_count,
        large_group_count = excluded.large_group_count,
        hours = excluded.hours,
        kind_count = excluded.kind_count,
        course_count = excluded.course_count,
        busiest_month = excluded.busiest_month,
        longest_week_run = excluded.longest_week_run,
        longest_month_run = excluded.longest_month_run,
        last_date = excluded.last_date;

    if v_stats.assignment_count >= 1 then v_due := v_due || 'first_assignment'::text; end if;
    if v_stats.assignment_count >= 10 then v_due := v_due || 'assignments_bronze'::text; end if;
    if v_stats.assignment_count >= 50 then v_due := v_due || 'assignments_silver'::text; end if;
    if v_stats.assignment_count >= 150 then v_due := v_due || 'assignments_gold'::text; end if;
    if v_stats.assignment_count >= 500 then v_due := v_due || 'assignments_platinum'::text; end if;
    if v_stats.call_count >= 1 then v_due := v_due || 'first_call'::text; end if;
    if v_stats.call_count >= 25 then v_due := v_due || 'listener'::text; end if;
    if v_stats.course_count >= 3 then v_due := v_due || 'trained'::text; end if;
    if v_stats.large_group_count >= 3 then v_due := v_due || 'group_host'::text; end if;
    if v_stats.hearing_aid_count >= 15 then v_due := v_due || 'hearing_aid_helper'::text; end if;
    if v_stats.hours >= 25 then v_due := v_due || 'hours_given_25'::text; end if;
    if v_stats.hours >= 100 then v_due := v_due || 'hours_given_100'::text; end if;
    if v_stats.hours >= 500 then v_due := v_due || 'hours_given_500'::text; end if;
    if v_stats.longest_week_run >= 8 then v_due := v_due || 'steady'::text; end if;
    if v_stats.longest_month_run >= 6 then v_due := v_due || 'all_year_half'::text; end if;
    if v_stats.longest_month_run >= 12 then v_due := v_due || 'all_year_whole'::text; end if;
    if v_stats.busiest_month >= 20 then v_due := v_due || 'busy_month'::text; end if;
    if v_stats.kind_count >= 4 then v_due := v_due || 'versatile'::text; end if;

    select array_agg(award.badge)
    into v_held
    from bench.hand_awards as award
    where award.peer_mentor_id = p_peer_mentor_id
    and award.org_id = p_org_id;
    if not v_due <@ coalesce(v_held, '{}') then
        insert into bench.hand_awards
        select p_peer_mentor_id, p_org_id, due.badge, p_occurred_at
        from unnest(v_due) as due (badge)
        on conflict do nothing;
    end if;
end;
$$;

create function bench.recompute_after_insert()
returns trigger
language plpgsql
as $$
begin
    perform bench.recompute_mentor(new.peer_mentor_id, new.org_id, new.occurred_at);
    return null;
end;
$$;

create trigger recompute_after_insert
after insert on bench.hand_activities
for each row execute function bench.recompute_after_insert();

-- Gives one activity of a made-up person: its n-th, so many days after the first day.
create function bench.activity(p_person integer, p_n integer, p_day date)
returns table (
    org_id text,
    peer_mentor_id uuid,
    activity_type text,
    occurred_at timestamptz,
    activity_date date,
    quantity numeric,
    attributes jsonb,
    idempotency_key text
)
language sql
immutable
as $$
select
    (array['nhf', 'blindeforbundet', 'hlf'])[p_person % 3 + 1],
    md5(p_person::text)::uuid,
    kind.activity_type,
    p_day::timestamp at time zone 'UTC' + interval '8 hours' + p_n % 500 * interval '1 minute',
    p_day,
    case when kind.activity_type in ('assignment', 'group_meeting') then 1.5 else 1 end,
    case
        when kind.activity_type = 'assignment' then jsonb_build_object(
            'kind', (array['home_visit', 'clinic', 'phone', 'hospital'])[p_n * 7 / 3 % 4 + 1])
        when kind.activity_type = 'group_meeting' then jsonb_build_object(
            'participants', 5 + p_n % 7)
        when kind.activity_type = 'training_completed' then jsonb_build_object(
            'course', (array['role', 'boundaries', 'conversation', 'group-leader'])
                [p_n / 20 % 4 + 1])
        else '{}'
    end,
    'history-' || p_n
from (
    select case
        when (p_n * 13 + p_person) % 20 < 12 then 'assignment'
        when (p_n * 13 + p_person) % 20 < 17 then 'call'
        when (p_n * 13 + p_person) % 20 < 19 then 'group_meeting'
        else 'training_completed'
    end as activity_type
) as kind
$$;

-- What the bulk statements insert, in the order in which such rows come: by day.
create table bench.source (like badges.activities);
alter table bench.source alter column activity_id drop not null;

-- Reads the row with its rules, adds to the rows of the person, and asks whether one reached a
-- threshold: in order, alone, known, and nothing done about it.
create function bench.count_floor()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_person uuid;
    v_org text;
    v_day date;
    v_at timestamptz;
    v_quantity numeric;
    v_stats text[];
    v_month text;
    v_has_reached boolean;
begin
    select
        a.peer_mentor_id, a.org_id, a.activity_date, a.occurred_at, a.quantity,
        array['*', '=' || a.activity_type] || found.plain_stats
            || array(select route.stat from unnest(found.checked_routes) as route),
        date_trunc('month', a.activity_date::timestamp)::date::text
    into v_person, v_org, v_day, v_at, v_quantity, v_stats, v_month
    from new_activities as a
    left join badges_internal.activity_routes as found using (org_id, activity_type)
    where not exists (select from badges_internal.rule_gate for key share)
    limit 1;
    for v_has_reached in
        update bench.floor_stats as held
        set
            activity_count = activity_count + 1,
            value_sum = value_sum + v_quantity,
            last_at = greatest(last_at, v_at),
            last_date = greatest(last_date, v_day)
        where held.peer_mentor_id = v_person
        and held.org_id = v_org
        and held.stat = any(v_stats)
        and held.bucket = any(array['', v_month])
        returning activity_count >= next_count or value_sum >= next_sum
    loop
        exit when v_has_reached;
    end loop;
    return null;
end;
$$;

create trigger count_floor
after insert on bench.floor_activities
referencing new table as new_activities
for each statement execute function bench.count_floor();
