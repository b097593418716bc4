-- Gives what everybody's snapshot has of the measures that conditions ask for.
--
-- A row a person who has any, stat, measure and last_days (of so many days that end on p_as_of;
-- null = of all). present: of a run the length of the one that is alive then, else the value.
-- p_org_id: null = every organization.
create or replace function badges_internal._everyones_values(p_org_id text, p_as_of date)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    measure text,
    last_days integer,
    value numeric,
    present numeric
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
    with asked as materialized (
        select
            each.org_id, each.stat, each.measure, each.last_days,
            defined.route,
            badges_internal._today_for(each.org_id, p_as_of) as as_of
        from (
            select distinct
                milestone.org_id, milestone.stat, milestone.measure, milestone.last_days
            from badges_internal.milestones as compiled
            cross join lateral badges_internal._told_milestone(compiled) as milestone
            where compiled.org_id = coalesce(p_org_id, compiled.org_id)
            and milestone.stat is not null
            and milestone.measure <> 'tenure'
        ) as each
        left join badges_internal.stat_definitions as defined
            on defined.org_id = each.org_id
            and defined.stat = each.stat
    )
    select
        held.peer_mentor_id, asked.org_id, asked.stat, asked.measure, null::integer,
        max(badges_internal._measured(held, asked.measure)),
        max(badges_internal._present_value(held, asked.measure, asked.route, asked.as_of))
    from asked
    join badges.peer_mentor_stats as held
        on held.org_id = asked.org_id
        and held.stat = asked.stat
    where asked.last_days is null
    group by held.peer_mentor_id, asked.org_id, asked.stat, asked.measure
    union all
    select
        recent.peer_mentor_id, asked.org_id, asked.stat, asked.measure, asked.last_days,
        recent.value, recent.value
    from asked
    cross join lateral (
        select array_agg(distinct held.peer_mentor_id) as ids
        from badges.peer_mentor_stats as held
        where held.org_id = asked.org_id
        and held.stat = asked.stat
    ) as people
    cross join lateral badges_internal._recent_values(
        people.ids, asked.org_id, asked.stat, asked.last_days, asked.as_of
    ) as recent
    where asked.last_days is not null
    and recent.measure = asked.measure;
end;
$$;

comment on function badges_internal._everyones_values(text, date) is
'Gives what everybody''s snapshot has of the measures that conditions ask for.';
