-- Spreads the base stats and the canonical selectors to columns for a recomputation.
--
-- The base stats '*' and '=type' choose whatever the rules say. An element is what distinct counts:
-- the value of an attribute, or the calendar unit of a streak. It is counted once the sum of its
-- amounts reaches element_target; a maximum is reached once some value is high enough. A selector's
-- days are kept only where some rule asks for them.
create or replace function badges_internal._verify_routes(p_scope badges_internal.verified_scope)
returns setof badges_internal.verified_stat
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
    with kinds as materialized (
        select organization.org_id, found.activity_type
        from badges.organizations as organization
        cross join (
            select distinct activity.activity_type
            from badges.activities as activity
            where badges_internal._verify_is_looked_at(p_scope, activity.peer_mentor_id)
        ) as found
    ), stats as (
        select
            base.org_id,
            base.stat,
            base.activity_type,
            null::text[] as watched,
            coalesce(definition.since_version, 0) as since_version,
            '{}'::jsonb as selector
        from (
            select kind.org_id, '*' as stat, kind.activity_type from kinds as kind
            union all
            select kind.org_id, '=' || kind.activity_type, kind.activity_type from kinds as kind
        ) as base
        left join badges_internal.stat_definitions as definition using (org_id, stat)
        union all
        select
            definition.org_id,
            definition.stat,
            kind.activity_type,
            definition.watched,
            definition.since_version,
            definition.selector
        from badges_internal.stat_definitions as definition
        left join kinds as kind
            on kind.org_id = definition.org_id
            and (
                not definition.selector ? 'types'
                or definition.selector -> 'types' ? kind.activity_type
            )
        where starts_with(definition.stat, '~')
    ), spread as materialized (
        select
            stat.*,
            coalesce(stat.selector -> 'per_value', stat.selector -> 'per_unit') as target,
            badges_internal._verify_tests(stat.selector -> 'where') as tests
        from stats as stat
    )
    select
        (dense_rank() over (order by stat.org_id, stat.stat))::integer,
        stat.org_id,
        stat.stat,
        stat.activity_type,
        array(
            select distinct badges_internal._verify_measure(milestone)
            from badges_internal.milestones as milestone
            where milestone.org_id = stat.org_id
            and milestone.stat = stat.stat
        ),
        stat.watched is null
            or not stat.selector ? 'unit'
            and jsonb_typeof(stat.selector -> 'window') is distinct from 'object'
            and stat.watched && '{active_days,day_run,week_run,month_run}'::text[],
        stat.since_version,
        stat.tests -> 0 ->> 'field',
        stat.tests -> 0 ->> 'operator',
        stat.tests -> 0 -> 'operands',
        nullif(stat.tests - 0, '[]'),
        stat.selector -> 'when',
        organization.time_zone,
        coalesce(stat.selector ->> 'field', 'quantity'),
        stat.selector ->> 'per',
        case when jsonb_typeof(stat.selector -> 'window') = 'string'
            then stat.selector ->> 'window' end,
        (stat.selector -> 'window' ->> 'rolling_days')::integer,
        stat.selector ->> 'distinct',
        stat.selector ->> 'unit',
        case when stat.selector ?| '{distinct,unit}' then tally.measure end,
        coalesce(stat.target ->> 'field', 'quantity'),
        tally.at_least,
        case when tally.measure = 'max' then 1 else tally.at_least end,
        coalesce((stat.selector ->> 'grace')::integer, 0),
        array_position(array['sunday', 'saturday'], organization.week_starts),
        stat.selector -> 'on',
        stat.selector -> 'excused_by',
        case
            when stat.selector ? 'of_last' then 'share_of_last'
            when stat.selector ? 'of_at_least' then 'share'
            when stat.selector ? 'qualify' then 'in_a_row'
            when stat.selector ? 'cap'
                then 'capped_' || coalesce(stat.selector #>> '{cap,measure}', 'count')
        end,
        coalesce(stat.selector ->> 'of_last', stat.selector ->> 'of_at_least')::integer,
        badges_internal._verify_tests(stat.selector -> 'qualify'),
        stat.selector #>> '{cap,per}',
        (stat.selector #>> '{cap,at}')::numeric
    from spread as stat
    inner join badges.organizations as organization using (org_id)
    cross join lateral (
        select
            coalesce(stat.target ->> 'measure', 'count') as measure,
            coalesce((stat.target ->> 'at_least')::numeric, 1) as at_least
    ) as tally;
end;

comment on function badges_internal._verify_routes(badges_internal.verified_scope) is
'Spreads the base stats and the canonical selectors to columns for a recomputation.';
