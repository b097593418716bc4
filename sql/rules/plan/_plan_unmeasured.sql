-- Defines the stats of planned conditions that the snapshot does not have for everybody.
--
-- The others are read from it: the base stats, and selectors that it keeps with the measure.
-- p_is_all: those too, as they stood on an earlier day.
create or replace function badges_internal._plan_unmeasured(
    p_milestones badges_internal.milestones[],
    p_is_all boolean
)
returns badges_internal.stat_definitions[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select row(
            missing.org_id, missing.stat, missing.selector,
            case when missing.selector ? 'types'
                then array(select jsonb_array_elements_text(missing.selector -> 'types')) end,
            badges_internal._stat_route(
                missing.selector, missing.measures, organization.time_zone,
                organization.week_starts
            ),
            missing.measures, 0, null
        )::badges_internal.stat_definitions
        from (
            select
                milestone.org_id, milestone.stat,
                coalesce(defined.selector, named.selector) as selector,
                array_agg(distinct milestone.measure) as measures
            from unnest(p_milestones) as milestone
            left join badges_internal.stat_definitions as defined
                on defined.org_id = milestone.org_id
                and defined.stat = milestone.stat
            cross join lateral (
                select
                    left(milestone.stat, 1) in ('*', '=') as is_base,
                    milestone.measure like '%\_run' as is_run,
                    case
                        when milestone.stat = '*' then '{}'
                        when starts_with(milestone.stat, '=') then jsonb_build_object(
                            'types', jsonb_build_array(substr(milestone.stat, 2))
                        )
                        when starts_with(milestone.stat, '{') then milestone.stat::jsonb
                    end as selector
            ) as named
            where milestone.stat is not null
            and milestone.measure not in ('tenure', 'lapse')
            and (p_is_all or (named.is_run or not named.is_base) and (
                defined.stat is null
                or named.is_run and milestone.measure <> all(defined.watched)
                or not (defined.route).has_days
                and (defined.route).element_unit is null
                and (defined.route).rolling_days is null
                and milestone.measure = 'active_days'
                or exists (
                    select
                    from badges.peer_mentor_stats as base
                    where base.org_id = milestone.org_id
                    and base.rule_set_version < defined.since_version
                )
            ))
            group by
                milestone.org_id, milestone.stat,
                coalesce(defined.selector, named.selector)
        ) as missing
        join badges.organizations as organization
            on organization.org_id = missing.org_id
    );
end;
$$;

comment on function badges_internal._plan_unmeasured(badges_internal.milestones[], boolean) is
'Defines the stats of planned conditions that the snapshot does not have for everybody.';
