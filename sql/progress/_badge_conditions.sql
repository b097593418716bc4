-- Measures the conditions of one badge, or of all of an organization, by a person's snapshot.
--
-- A row a badge, tier, occurrence and condition. value is what counts towards the target: of a
-- badge that lapses what there is on p_as_of, of a run that was never long enough the run that is
-- alive then, of tenure the units passed by then. is_reached: the value is enough now; may_fall: it
-- was perhaps enough before. Activities are read for the first day of a tenure, and for the days
-- that end today.
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
        from badges_internal.milestones as compiled
        cross join lateral badges_internal._told_milestone(compiled) as milestone
        where compiled.org_id = p_org_id
        and compiled.badge_definition_id
            = coalesce(p_badge_definition_id, compiled.badge_definition_id)
    ),
    measured as materialized (
        select asked.*, found.value, found.present, found.may_fall
        from (
            select distinct condition.stat, condition.measure, condition.last_days
            from conditions as condition
            where condition.stat is not null
        ) as asked
        cross join lateral badges_internal._stored_value(
            p_peer_mentor_id, p_org_id, asked.stat, asked.measure, asked.last_days, p_as_of
        ) as found
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
        from badges_internal.milestones as compiled
        cross join lateral badges_internal._told_milestone(compiled) as milestone
        cross join lateral badges_internal._other_measure(p_peer_mentor_id, milestone) as other
        where compiled.org_id = p_org_id
        and compiled.badge_definition_id
            = coalesce(p_badge_definition_id, compiled.badge_definition_id)
        and milestone.measure in ('badges', 'raw')
    )
    select
        condition.badge_definition_id, condition.tier, condition.occurrence, condition.node,
        condition.parent, condition.path, condition.stat, condition.measure, condition.threshold,
        condition.threshold_source, condition.since_version,
        coalesce(others.value, told.value, 0),
        coalesce(others.is_reached, told.value >= condition.threshold, false),
        coalesce(
            measured.may_fall and condition.measure <> 'tenure'
                and condition.lapse_measure is null,
            false
        )
    from conditions as condition
    left join measured
        on measured.stat = condition.stat
        and measured.measure = condition.measure
        and measured.last_days is not distinct from condition.last_days
    left join others
        on others.badge_definition_id = condition.badge_definition_id
        and others.node = condition.node
        and others.tier = condition.tier
        and others.occurrence = condition.occurrence
    cross join lateral (
        select badges_internal._told_value(
            condition.measure, condition.threshold, measured.value, measured.present,
            condition.lapse_measure is not null
        ) as value
    ) as told;
end;
$$;

comment on function badges_internal._badge_conditions(uuid, text, text, date) is
'Measures the conditions of one badge, or of all of an organization, by a person''s snapshot.';
