-- Lists a person's held conditions that late activities made true before the award.
--
-- p_late: in its order. Each condition comes with its new moment and activity, or without a moment
-- where it may have come true earlier and must be dated anew. _earlier_in_part is given them in the
-- order of their awards.
create or replace function badges_internal._earlier_states(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_late badges_internal.late_activity[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_is_single constant boolean := cardinality(p_late) = 1;
    v_stats text[] := p_late[1].stats;
    v_part record;
    v_defined badges_internal.stat_definitions;
    v_buckets text[];
    v_bucket text;
    v_late badges_internal.late_activity[] := p_late;
    v_earlier badges_internal.condition_state[];
begin
    if not v_is_single then
        v_stats := array(
            select distinct stat from unnest(p_late) as late, unnest(late.stats) as stat
        );
    end if;
    for v_part in
        select
            milestone.stat, milestone.measure, min(milestone.threshold) as least,
            array_agg(row(
                p_peer_mentor_id, p_org_id, milestone.badge_definition_id, milestone.tier,
                milestone.occurrence, milestone.node, milestone.parent, milestone.stat,
                milestone.measure, milestone.threshold, milestone.threshold_source,
                earned.earned_at, null, null
            )::badges_internal.condition_state order by earned.earned_at) as states
        from badges.earned_badges as earned
        join badges_internal.milestones as milestone
            on milestone.org_id = earned.org_id
            and milestone.badge_definition_id = earned.badge_definition_id
            and milestone.tier = earned.tier
            and milestone.occurrence = earned.occurrence
            -- What was decided by the rule as it is: docs of _is_decided_as_now.
            and (earned.rule_set_version < milestone.since_version) is not true
            and (milestone.parent is not null or milestone.threshold = earned.threshold)
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.earned_at > p_late[1].occurred_at
        and earned.revoked_at is null
        and earned.source in ('rule', 'backfill', 'sweep')
        and milestone.stat = any(v_stats)
        group by milestone.stat, milestone.measure
    loop
        v_defined := null;
        if v_part.stat like '=%' then
            v_defined.activity_types := array[substr(v_part.stat, 2)];
        elsif v_part.stat <> '*' then
            select defined.*
            into v_defined
            from badges_internal.stat_definitions as defined
            where defined.org_id = p_org_id
            and defined.stat = v_part.stat;
        end if;
        if v_is_single then
            v_buckets := array[p_late[1].buckets[array_position(v_stats, v_part.stat)]];
        else
            v_buckets := array(
                select distinct part.bucket
                from unnest(p_late) as late
                cross join lateral unnest(late.stats, late.buckets) as part (stat, bucket)
                where part.stat = v_part.stat
            );
        end if;
        foreach v_bucket in array v_buckets loop
            if v_bucket <> '' then
                perform
                from badges.peer_mentor_stats as held
                where held.peer_mentor_id = p_peer_mentor_id
                and held.org_id = p_org_id
                and held.stat = v_part.stat
                and held.bucket = v_bucket
                and badges_internal._measured(held, v_part.measure) >= v_part.least;
                continue when not found;
            end if;
            if not v_is_single then
                v_late := array(
                    select late
                    from unnest(p_late) as late
                    where late.buckets[array_position(late.stats, v_part.stat)] = v_bucket
                    order by late.occurred_at, late.activity_id
                );
            end if;
            v_earlier := v_earlier || badges_internal._earlier_in_part(
                v_part.states, v_late, v_bucket, v_defined.activity_types, v_defined.route
            );
        end loop;
    end loop;
    if v_is_single then
        return v_earlier;
    end if;
    return (
        select array_agg(first.state)
        from (
            select distinct on (state.badge_definition_id, state.tier, state.occurrence) state
            from unnest(v_earlier) as state
            order by
                state.badge_definition_id, state.tier, state.occurrence,
                state.came_true_at nulls first, state.activity_id desc
        ) as first
    );
end;
$$;
