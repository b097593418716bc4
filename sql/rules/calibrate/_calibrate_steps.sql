-- Lists for people each number at which a condition may hold: a state a person and number.
--
-- p_milestone: the condition. p_people: of its organization. p_until: the day up to which tenures
-- are due. Rising by occurrence from 1: what a sum or maximum ever was, else 1, 2, 3 .. as far as
-- there are activities. Tenures and other badges are dated.
create or replace function badges_internal._calibrate_steps(
    p_document jsonb,
    p_milestone badges_internal.milestones,
    p_people uuid[],
    p_until date
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unit constant text
        := badges_internal._tenure_unit(p_milestone.threshold, p_milestone.duration);
begin
    return (
        with parted as materialized (
            select found.*
            from badges_internal._parted_activities(
                p_people, p_milestone.org_id, p_milestone.stat, null
            ) as found
            where p_milestone.measure not in ('tenure', 'badges')
        ),
        steps as (
            select distinct
                valued.peer_mentor_id, valued.value as threshold, null::timestamptz as moment
            from (
                select
                    parted.peer_mentor_id,
                    case
                        when p_milestone.measure = 'max' then parted.measured
                        else sum(parted.measured) over (
                            partition by parted.peer_mentor_id, parted.bucket
                            order by parted.occurred_at
                        )
                    end as value
                from parted
                where p_milestone.measure in ('sum', 'max')
            ) as valued
            where valued.value > 0
            union all
            select
                counted.peer_mentor_id, generate_series(1, counted.activities), null
            from (
                select parted.peer_mentor_id, count(distinct parted.activity_id) as activities
                from parted
                where p_milestone.measure not in ('sum', 'max')
                group by parted.peer_mentor_id
            ) as counted
            union all
            select begun.peer_mentor_id, passed.units, due.moment
            from badges_internal._plan_first_days(array[p_milestone], p_until) as begun
            cross join lateral generate_series(
                1, badges_internal._elapsed_units(v_unit, begun.first_day, p_until)
            ) as passed (units)
            cross join lateral (
                select badges_internal._day_begins(
                    (begun.first_day + (passed.units || v_unit)::interval)::date,
                    organization.time_zone, organization.day_starts
                ) as moment
                from badges.organizations as organization
                where organization.org_id = p_milestone.org_id
            ) as due
            where begun.peer_mentor_id = any(p_people)
            union all
            select counted.peer_mentor_id, held.place, held.moment
            from badges_internal._plan_counts(
                p_document, array[p_milestone], array[p_milestone.badge_definition_id], '{}', '{}'
            ) as counted
            cross join lateral unnest(counted.moments) with ordinality as held (moment, place)
            where counted.peer_mentor_id = any(p_people)
        )
        select coalesce(array_agg(row(
            steps.peer_mentor_id, p_milestone.org_id, p_milestone.badge_definition_id, '',
            steps.place, p_milestone.node, p_milestone.parent, p_milestone.stat,
            p_milestone.measure, steps.threshold, 'default', steps.moment, null, null
        )::badges_internal.condition_state), '{}')
        from (
            select steps.*, row_number() over (
                partition by steps.peer_mentor_id order by steps.threshold
            ) as place
            from steps
        ) as steps
    );
end;
$$;

comment on function badges_internal._calibrate_steps(
    jsonb, badges_internal.milestones, uuid[], date
) is
'Lists for people each number at which a condition may hold: a state a person and number.';
