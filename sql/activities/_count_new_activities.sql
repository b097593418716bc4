-- Keeps the snapshot and awards badges after activities were inserted, by any writer.
--
-- One row for a known person takes the short way: two updates, and no more unless a milestone is
-- reached. Everything else, and every stat the short way cannot serve, is folded by a fixed number
-- of set-based statements. The base row is written first.
--
-- Other statements may have counted some of these rows already: those of a function that ran inside
-- the insert, the update half of ON CONFLICT DO UPDATE, MERGE and writable CTEs. People whom such a
-- statement touched are rebuilt from the table, as are people of another version.
--
-- Locks:  base rows in key order, then the same people's other rows.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.earned_badges,
--         badges.award_events.
-- Raises: 22023 for a moment over a day ahead, 23503 for an unknown organization.
create or replace function badges_internal._count_new_activities()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_counts bigint[];
    v_ids bigint[];
    v_stale_people uuid[];
    v_stale_orgs text[];
    v_fallen_people uuid[];
    v_fallen_orgs text[];
    v_counted_people uuid[];
    v_counted_orgs text[];
    v_touched_people uuid[];
    v_touched_orgs text[];
    v_rebuilt badges_internal.late_person[];
    v_has_rolling boolean;
    v_stats text[]; -- what is left for the fold, null = everything
    v_few badges.activities[];
    v_result badges_internal.fold_result;
    v_candidates badges_internal.candidate[];
    v_short badges_internal.short_result;
    v_new badges_internal.new_activity;
    v_planning text[];
begin
    select
        a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at, a.quantity,
        a.attributes, a.activity_id
    into v_new
    from new_activities as a
    where (select count(*) from (select from new_activities limit 2) as two) = 1;

    if v_new.quantity >= 0 then
        if v_new.occurred_at > now() + interval '1 day' then
            perform badges_internal._refuse_future(v_new.occurred_at);
        end if;
        v_short := badges_internal._count_one(v_new);
        if v_short.is_done then
            return null;
        end if;
        v_candidates := v_short.candidates;
        v_stats := v_short.left_stats;
    else
        perform badges_internal._hold_rules();
        perform badges_internal._refuse_future(a.occurred_at)
        from (select max(occurred_at) as occurred_at from new_activities) as a
        where a.occurred_at > now() + interval '1 day';
    end if;

    select
        array_agg(arrived.peer_mentor_id), array_agg(arrived.org_id),
        array_agg(arrived.activity_count), array_agg(arrived.activity_id)
    into v_people, v_orgs, v_counts, v_ids
    from (
        select
            a.peer_mentor_id, a.org_id, count(*) as activity_count,
            min(a.activity_id) as activity_id
        from new_activities as a
        group by a.peer_mentor_id, a.org_id
    ) as arrived;
    if v_people is null then
        return null;
    end if;

    if v_stats is null then
        -- Asked before the base rows are written anew, just below.
        if v_short.is_stale is not true then
            select touched.peer_mentor_ids, touched.org_ids
            into v_touched_people, v_touched_orgs
            from badges_internal._touched_people(v_people, v_orgs, v_counts, v_ids) as touched;
        end if;
        perform badges_internal._lock_people(v_people, v_orgs);
        select
            v_touched_people || stale.peer_mentor_ids, v_touched_orgs || stale.org_ids
        into v_stale_people, v_stale_orgs
        from badges_internal._stale_people(
            v_people, v_orgs, coalesce(v_short.is_stale, false)
        ) as stale;
        if v_stale_people is not null then
            v_candidates := badges_internal._bring_up_to_date(v_stale_people, v_stale_orgs, false);
        end if;
    end if;

    if cardinality(v_stats) is distinct from 0 then
        select array_agg(a)
        into v_few
        from new_activities as a
        where v_stale_people is null
        and (select count(*) from (select from new_activities limit 51) as counted) <= 50;
        if v_few is not null then
            v_result := badges_internal._fold_few(v_few, v_stats);
        else
            -- Who was stale is counted already, with these activities.
            select array_agg(person.peer_mentor_id), array_agg(person.org_id)
            into v_counted_people, v_counted_orgs
            from (
                select peer_mentor_id, org_id
                from unnest(v_people, v_orgs) as arrived (peer_mentor_id, org_id)
                except
                select peer_mentor_id, org_id
                from unnest(v_stale_people, v_stale_orgs) as stale (peer_mentor_id, org_id)
                order by 1, 2
            ) as person;
            v_planning := badges_internal._plan_for_sets();
            execute badges_internal._fold_statement(
                'new_activities as a join people as person'
                ' on person.peer_mentor_id = a.peer_mentor_id and person.org_id = a.org_id'
            )
            into v_result
            using v_stats, v_counted_people, v_counted_orgs, false;
            perform badges_internal._plan_for_sets(v_planning);
        end if;
        v_candidates := v_candidates || v_result.candidates;
        select bool_or(route.has_rolling)
        into v_has_rolling
        from badges_internal.activity_routes as route
        where route.org_id = any(v_orgs)
        and route.activity_type = '';
        if v_has_rolling then
            v_candidates := v_candidates || (
                select badges_internal._roll_windows(
                    array_agg(person.peer_mentor_id), array_agg(person.org_id),
                    array_agg(person.first_day), array_agg(person.last_day), v_stats
                )
                from (
                    select
                        a.peer_mentor_id, a.org_id, min(a.activity_date) as first_day,
                        max(a.activity_date) as last_day
                    from new_activities as a
                    group by a.peer_mentor_id, a.org_id
                ) as person
            );
        end if;
        if v_short.is_in_order then
            v_candidates := badges_internal._dated_now(
                v_candidates, v_new.occurred_at, v_new.activity_id
            );
        end if;
    end if;

    v_result.late_days := v_result.late_days || v_short.late_days;
    if v_result.late_days is not null then
        perform badges_internal._place_late_days(v_result.late_days);
        v_candidates := v_candidates || badges_internal._cross_milestones(array(
            select distinct row(late.peer_mentor_id, late.org_id, late.stat, late.bucket)
                ::badges_internal.stat_key
            from unnest(v_result.late_days) as late
        ));
    end if;

    -- Of who was rebuilt whole, neither what is late nor what fell was told apart.
    select array_agg(
        row(stale.peer_mentor_id, stale.org_id, '-infinity')::badges_internal.late_person
    )
    into v_rebuilt
    from unnest(v_stale_people, v_stale_orgs) as stale (peer_mentor_id, org_id);
    select array_agg(fallen.peer_mentor_id), array_agg(fallen.org_id)
    into v_fallen_people, v_fallen_orgs
    from unnest(v_result.fallen_people || v_rebuilt) as fallen
    where (v_short.previous_at < fallen.occurred_at) is not true;
    v_result.late_people := v_result.late_people || v_short.late_people || v_rebuilt;
    perform badges_internal._evaluate_people(
        v_people, v_orgs, v_candidates, v_result.late_people, v_fallen_people, v_fallen_orgs,
        'rule'
    );
    return null;
end;
$$;

comment on function badges_internal._count_new_activities() is
'Keeps the snapshot and awards badges after activities were inserted, by any writer.';

create or replace trigger count_new_activities
after insert on badges.activities
referencing new table as new_activities
for each statement execute function badges_internal._count_new_activities();
