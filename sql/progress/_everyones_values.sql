-- Gives what everybody's snapshot has of the measures that conditions ask for.
--
-- A row a person who has any, stat and measure; alive: the length of the run that is alive on
-- p_as_of. p_org_id: null = every organization.
create or replace function badges_internal._everyones_values(p_org_id text, p_as_of date)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    measure text,
    value numeric,
    alive integer
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
            each.org_id, each.stat, each.measure,
            badges_internal._unit_in(each.org_id, split_part(each.measure, '_', 1)) as unit,
            defined.route,
            badges_internal._today_for(each.org_id, p_as_of) as as_of
        from (
            select distinct milestone.org_id, milestone.stat, milestone.measure
            from badges_internal.milestones as milestone
            where milestone.org_id = coalesce(p_org_id, milestone.org_id)
            and milestone.stat is not null
            and milestone.measure <> 'tenure'
        ) as each
        left join badges_internal.stat_definitions as defined
            on defined.org_id = each.org_id
            and defined.stat = each.stat
    )
    select
        held.peer_mentor_id, asked.org_id, asked.stat, asked.measure,
        max(badges_internal._measured(held, asked.measure)),
        max(badges_internal._present_run(held, asked.unit, asked.route, asked.as_of))
            filter (where asked.measure like '%run')
    from asked
    join badges.peer_mentor_stats as held
        on held.org_id = asked.org_id
        and held.stat = asked.stat
    group by held.peer_mentor_id, asked.org_id, asked.stat, asked.measure;
end;
$$;

comment on function badges_internal._everyones_values(text, date) is
'Gives what everybody''s snapshot has of the measures that conditions ask for.';
