-- Measures the conditions of organizations by everybody's snapshot, as _badge_conditions one's.
--
-- A row a person with activities and condition; of a repeated badge the first occurrence not held,
-- else the last. p_org_id: null = every organization; p_badge_definition_id: null = every badge.
-- Conditions of raw rules are left out: each would read all that is known of each person.
create or replace function badges_internal._everyones_conditions(
    p_org_id text,
    p_as_of date,
    p_badge_definition_id text default null
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    parent integer,
    stat text,
    measure text,
    target numeric,
    value numeric,
    is_reached boolean
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set enable_mergejoin = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
    return query
    with people as materialized (
        select
            base.peer_mentor_id, base.org_id,
            greatest(base.last_at, due.seen_until) as seen_until
        from badges.peer_mentor_stats as base
        left join badges_internal.due_people as due using (peer_mentor_id, org_id)
        where base.org_id = coalesce(p_org_id, base.org_id)
        and base.rule_set_version is not null
        and base.activity_count > 0
    ),
    next_ones as materialized (
        select * from badges_internal._next_occurrences(p_org_id)
    ),
    milestones as materialized (
        select milestone.*
        from badges_internal.milestones as compiled
        cross join lateral badges_internal._told_milestone(compiled) as milestone
        where compiled.badge_definition_id
            = coalesce(p_badge_definition_id, compiled.badge_definition_id)
    ),
    -- Read for some measures at a time: to keep the rows would copy them for nothing.
    conditions as not materialized (
        select people.peer_mentor_id, people.seen_until, milestone.*
        from people
        join milestones as milestone using (org_id)
        left join next_ones using (peer_mentor_id, org_id, badge_definition_id, tier)
        where milestone.occurrence = 1
        and next_ones.occurrence is null
        union all
        select people.peer_mentor_id, people.seen_until, milestone.*
        from people
        join next_ones using (peer_mentor_id, org_id)
        join milestones as milestone using (org_id, badge_definition_id, tier, occurrence)
    ),
    begun as materialized (
        select
            tenure.*,
            badges_internal._first_day(tenure.peer_mentor_id, tenure.org_id, tenure.stat)
                as first_day
        from (
            select distinct condition.peer_mentor_id, condition.org_id, condition.stat
            from conditions as condition
            where condition.measure = 'tenure'
        ) as tenure
    )
    select
        condition.peer_mentor_id, condition.org_id, condition.badge_definition_id, condition.tier,
        condition.occurrence, condition.parent, condition.stat, condition.measure,
        condition.threshold, told.value, told.value >= condition.threshold
    from conditions as condition
    left join badges_internal._everyones_values(p_org_id, p_as_of) as kept
        on kept.peer_mentor_id = condition.peer_mentor_id
        and kept.org_id = condition.org_id
        and kept.stat = condition.stat
        and kept.measure = condition.measure
        and kept.last_days is not distinct from condition.last_days
    cross join lateral (
        select coalesce(badges_internal._told_value(
            condition.measure, condition.threshold, kept.value, kept.present,
            condition.lapse_measure is not null
        ), 0) as value
    ) as told
    where condition.measure not in ('tenure', 'badges', 'raw')
    union all
    select
        condition.peer_mentor_id, condition.org_id, condition.badge_definition_id, condition.tier,
        condition.occurrence, condition.parent, condition.stat, condition.measure,
        condition.threshold,
        coalesce(badges_internal._elapsed_units(
            badges_internal._tenure_unit(condition.threshold, condition.duration),
            begun.first_day, badges_internal._today_for(condition.org_id, p_as_of)
        ), 0),
        coalesce(badges_internal._day_begins(
            (begun.first_day + condition.duration)::date, here.time_zone, here.day_starts
        ) <= condition.seen_until, false)
    from conditions as condition
    join begun using (peer_mentor_id, org_id, stat)
    join badges.organizations as here using (org_id)
    where condition.measure = 'tenure'
    union all
    select
        condition.peer_mentor_id, condition.org_id, condition.badge_definition_id, condition.tier,
        condition.occurrence, condition.parent, condition.stat, condition.measure,
        condition.threshold, counted.value, counted.value >= condition.threshold
    from conditions as condition
    cross join lateral (
        select count(*) as value
        from badges_internal._held_badges(
            condition.peer_mentor_id, condition.org_id, condition.badge_definition_id,
            condition.badge_ids, condition.badge_category
        ) as held
    ) as counted
    where condition.measure = 'badges';
end;
$$;

comment on function badges_internal._everyones_conditions(text, date, text) is
'Measures the conditions of organizations by everybody''s snapshot, as _badge_conditions one''s.';
