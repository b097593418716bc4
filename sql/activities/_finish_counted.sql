-- Decides what people have after some activities were counted one by one.
--
-- Who was counted elsewhere is rebuilt from the table; who is of another version of the rules gets
-- what that lacks. What one activity decides alone is awarded at once; p_candidates: what such
-- awards have left to decide. The caller holds the other people's base rows.
--
-- Locks:  base rows of those who are rebuilt, in key order.
-- Writes: as _bring_up_to_date and _evaluate_people.
create or replace function badges_internal._finish_counted(
    p_counted badges_internal.counted_activity[],
    p_candidates badges_internal.candidate[]
)
returns void
language plpgsql
volatile
as $$
declare
    v_counted badges_internal.counted_activity;
    v_left badges_internal.counted_activity[];
    v_people uuid[];
    v_orgs text[];
    v_stale_people uuid[];
    v_stale_orgs text[];
    v_outdated_people uuid[];
    v_outdated_orgs text[];
    v_fallen_people uuid[];
    v_fallen_orgs text[];
    v_candidates badges_internal.candidate[] := p_candidates;
    v_late badges_internal.late_person[];
    v_late_activities badges_internal.late_activity[];
    v_is_only_late boolean := true;
    v_has_looked boolean := false;
begin
    foreach v_counted in array coalesce(p_counted, '{}') loop
        v_candidates := v_candidates || v_counted.candidates;
        continue when v_counted.is_newest;
        v_left := v_left || v_counted;
        if v_counted.is_late then
            v_late_activities := v_late_activities || v_counted.late;
        end if;
        v_is_only_late := v_is_only_late and v_counted.is_only_late is true;
        v_has_looked := v_has_looked or v_counted.has_looked is true;
    end loop;
    if v_left is null and v_candidates is null then
        return;
    end if;
    if v_has_looked then
        select array_agg(counted.peer_mentor_id), array_agg(counted.org_id) into v_people, v_orgs
        from unnest(v_left) as counted;
        perform badges_internal._mark_looked(v_people, v_orgs);
    end if;
    if v_is_only_late and coalesce(v_candidates, '{}') = '{}'
        and badges_internal._redate_late(v_late_activities, true)
    then
        return;
    end if;
    select
        array_agg(person.peer_mentor_id), array_agg(person.org_id),
        array_agg(person.peer_mentor_id) filter (where person.is_stale),
        array_agg(person.org_id) filter (where person.is_stale),
        array_agg(person.peer_mentor_id) filter (where person.is_outdated),
        array_agg(person.org_id) filter (where person.is_outdated),
        array_agg(person.peer_mentor_id) filter (where person.may_fall),
        array_agg(person.org_id) filter (where person.may_fall),
        array_agg(
            row(
                person.peer_mentor_id, person.org_id,
                case when person.is_stale then '-infinity' else person.crossed_at end
            )::badges_internal.late_person
        ) filter (where person.is_stale or exists (
            -- After a delete an award may be dated later than what is new and in order.
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = person.peer_mentor_id
            and earned.org_id = person.org_id
            and earned.earned_at > person.crossed_at
            and earned.revoked_at is null
        ))
    into
        v_people, v_orgs, v_stale_people, v_stale_orgs, v_outdated_people, v_outdated_orgs,
        v_fallen_people, v_fallen_orgs, v_late
    from (
        select
            counted.peer_mentor_id, counted.org_id,
            bool_or(counted.is_stale and counted.stats is null) as is_stale,
            bool_or(counted.is_stale and counted.stats is not null) as is_outdated,
            bool_or(counted.is_stale or counted.is_falling) as may_fall,
            min(counted.occurred_at) filter (
                where counted.candidates <> '{}' and counted.is_late is not true
            ) as crossed_at
        from unnest(v_left) as counted
        group by counted.peer_mentor_id, counted.org_id
        order by counted.peer_mentor_id, counted.org_id
    ) as person;
    if v_stale_people is not null or v_outdated_people is not null then
        v_candidates := badges_internal._build_counted(
            v_stale_people, v_stale_orgs, v_outdated_people, v_outdated_orgs, v_candidates
        );
    end if;
    perform badges_internal._evaluate_people(
        v_people, v_orgs, v_candidates, v_late, v_fallen_people, v_fallen_orgs, 'rule', null,
        v_late_activities, null, case
            when v_fallen_people is null and not v_has_looked
                then (select min(counted.occurred_at) from unnest(v_left) as counted)
            else '-infinity'
        end
    );
end;
$$;

comment on function badges_internal._finish_counted(
    badges_internal.counted_activity[], badges_internal.candidate[]
) is
'Decides what people have after some activities were counted one by one.';
