-- Measures the conditions of one badge, or of all of an organization, by a person's snapshot.
--
-- A row a badge, tier, occurrence and condition. value is what counts towards the target: of a run
-- that was never long enough the run that is alive on p_as_of, of tenure the units passed by then.
-- is_reached: the value is enough now; may_fall: it was perhaps enough before. Activities are read
-- for the first day of a tenure alone.
create or replace function badges_internal._badge_conditions(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_as_of date
)
returns table (
    badge_definition_id text,
    tier text,
    occurrence integer,
    node integer,
    parent integer,
    path text,
    stat text,
    measure text,
    target numeric,
    threshold_source text,
    since_version integer,
    value numeric,
    is_reached boolean,
    may_fall boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with conditions as materialized (
        select milestone.*
        from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id
        and milestone.badge_definition_id
            = coalesce(p_badge_definition_id, milestone.badge_definition_id)
    ),
    measured as materialized (
        select asked.stat, asked.measure, best.value, best.alive, best.may_fall
        from (
            select distinct condition.stat, condition.measure
            from conditions as condition
            where condition.stat is not null
        ) as asked
        left join badges_internal.stat_definitions as defined
            on defined.org_id = p_org_id
            and defined.stat = asked.stat
        cross join lateral (
            select
                max(badges_internal._measured(held, asked.measure)) as value,
                max(badges_internal._present_run(
                    held, badges_internal._unit_in(p_org_id, split_part(asked.measure, '_', 1)),
                    defined.route, p_as_of
                )) as alive,
                bool_or(held.has_negative) as may_fall
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = asked.stat
        ) as best
    ),
    tenures as materialized (
        select tenure.badge_definition_id, tenure.node, tenure.occurrence, tenure.due_at
        from badges_internal._tenures(
            array[p_peer_mentor_id], array[p_org_id],
            case when p_badge_definition_id is not null then array[p_badge_definition_id] end
        ) as tenure
    ),
    begun as materialized (
        select
            measured.stat,
            badges_internal._first_day(p_peer_mentor_id, p_org_id, measured.stat) as first_day
        from measured
        where measured.measure = 'tenure'
    ),
    others as (
        select
            condition.badge_definition_id, condition.node, condition.tier, condition.occurrence,
            badges_internal._elapsed_units(
                badges_internal._tenure_unit(condition.threshold, condition.duration),
                begun.first_day, p_as_of
            )::numeric as value,
            tenures.due_at <= badges_internal._seen_until(p_peer_mentor_id, p_org_id) as is_reached
        from conditions as condition
        join begun on begun.stat = condition.stat
        join tenures using (badge_definition_id, node, occurrence)
        where condition.measure = 'tenure'
        union all
        select
            milestone.badge_definition_id, milestone.node, milestone.tier, milestone.occurrence,
            other.value, other.is_reached
        from badges_internal.milestones as milestone
        cross join lateral badges_internal._other_measure(p_peer_mentor_id, milestone) as other
        where milestone.org_id = p_org_id
        and milestone.badge_definition_id
            = coalesce(p_badge_definition_id, milestone.badge_definition_id)
        and milestone.measure in ('badges', 'raw')
    )
    select
        condition.badge_definition_id, condition.tier, condition.occurrence, condition.node,
        condition.parent, condition.path, condition.stat, condition.measure, condition.threshold,
        condition.threshold_source, condition.since_version,
        coalesce(
            others.value,
            case
                when measured.value >= condition.threshold then measured.value
                when condition.measure like '%run' then measured.alive
                else measured.value
            end,
            0
        ),
        coalesce(others.is_reached, measured.value >= condition.threshold, false),
        coalesce(measured.may_fall and condition.measure <> 'tenure', false)
    from conditions as condition
    left join measured
        on measured.stat = condition.stat
        and measured.measure = condition.measure
    left join others
        on others.badge_definition_id = condition.badge_definition_id
        and others.node = condition.node
        and others.tier = condition.tier
        and others.occurrence = condition.occurrence;
end;
$$;

comment on function badges_internal._badge_conditions(uuid, text, text, date) is
'Measures the conditions of one badge, or of all of an organization, by a person''s snapshot.';
