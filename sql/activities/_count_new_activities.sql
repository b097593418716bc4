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
    v_person uuid;
    v_org text;
    v_type text;
    v_day date;
    v_at timestamptz;
    v_quantity numeric;
    v_attributes jsonb;
    v_id bigint;
    v_pending bigint[];
    v_counted badges_internal.counted_activity;
    v_all_counted badges_internal.counted_activity[];
    v_people uuid[];
    v_orgs text[];
    v_counts bigint[];
    v_ids bigint[];
    v_stale_people uuid[];
    v_stale_orgs text[];
    v_fallen_people uuid[];
    v_fallen_orgs text[];
    v_touched_people uuid[];
    v_touched_orgs text[];
    v_rebuilt badges_internal.late_person[];
    v_has_rolling boolean;
    v_source text := 'new_activities';
    v_changes badges_internal.element_change[];
    v_result badges_internal.fold_result;
    v_candidates badges_internal.candidate[];
    v_all_stats text[]; -- null: every stat
    v_material text;
    v_seqscan text;
begin
    select
        a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at, a.quantity,
        a.attributes, a.activity_id
    into v_person, v_org, v_type, v_day, v_at, v_quantity, v_attributes, v_id
    from new_activities as a
    limit 1;
    if not found then
        return null;
    end if;
    if not exists (select from new_activities offset 1) then
        if v_at > now() + interval '1 day' then
            perform badges_internal._refuse_future(v_at);
        end if;
        v_counted := badges_internal._count_one(
            v_person, v_org, v_type, v_at, v_day, v_quantity, v_attributes, v_id, null
        );
        if v_counted is not null then
            perform badges_internal._finish_counted(array[v_counted]);
        end if;
        return null;
    end if;

    perform badges_internal._hold_rules();
    perform badges_internal._refuse_future(a.occurred_at)
    from (select max(occurred_at) as occurred_at from new_activities) as a
    where a.occurred_at > now() + interval '1 day';
    if not exists (select from new_activities offset 30) then
        for v_person, v_org, v_type, v_day, v_at, v_quantity, v_attributes, v_id, v_pending in
            select
                a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at,
                a.quantity, a.attributes, a.activity_id,
                case when count(*) over (partition by a.peer_mentor_id) > 1
                    then coalesce(array_agg(a.activity_id) over later, '{}') end
            from new_activities as a
            window later as (
                partition by a.peer_mentor_id
                order by a.org_id, a.occurred_at, a.activity_id
                rows between 1 following and unbounded following
            )
            order by a.peer_mentor_id, a.org_id, a.occurred_at, a.activity_id
        loop
            v_counted := badges_internal._count_one(
                v_person, v_org, v_type, v_at, v_day, v_quantity, v_attributes, v_id, v_pending
            );
            if v_counted is not null then
                v_all_counted := v_all_counted || v_counted;
            end if;
        end loop;
        if v_all_counted is not null then
            perform badges_internal._finish_counted(v_all_counted);
        end if;
        return null;
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
    -- Asked before the base rows are written anew, just below.
    select touched.peer_mentor_ids, touched.org_ids
    into v_touched_people, v_touched_orgs
    from badges_internal._touched_people(v_people, v_orgs, v_counts, v_ids) as touched;
    perform badges_internal._lock_people(v_people, v_orgs);
    select
        v_touched_people || stale.peer_mentor_ids, v_touched_orgs || stale.org_ids
    into v_stale_people, v_stale_orgs
    from badges_internal._stale_people(v_people, v_orgs) as stale;
    if v_stale_people is not null then
        v_candidates := badges_internal._bring_up_to_date(v_stale_people, v_stale_orgs, false);
        v_source := '(select a.* from new_activities as a where not exists (
            select from unnest($3, $4) as stale (peer_mentor_id, org_id)
            where stale.peer_mentor_id = a.peer_mentor_id and stale.org_id = a.org_id))';
    end if;

    v_material := current_setting('enable_material');
    v_seqscan := current_setting('enable_seqscan');
    -- Rows are looked up by key: statistics older than the table lead to worse than that.
    perform set_config('enable_material', 'off', true);
    perform set_config('enable_seqscan', 'off', true);
    execute badges_internal._element_statement(v_source)
    into v_changes
    using v_all_stats, v_changes, v_stale_people, v_stale_orgs;
    if v_changes is not null then
        v_changes := badges_internal._add_unit_runs(v_changes);
    end if;
    execute badges_internal._fold_statement(v_source)
    into v_result
    using v_all_stats, v_changes, v_stale_people, v_stale_orgs;
    perform set_config('enable_material', v_material, true);
    perform set_config('enable_seqscan', v_seqscan, true);
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
                array_agg(person.first_day), array_agg(person.last_day), null
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
    from unnest(v_result.fallen_people || v_rebuilt) as fallen;
    perform badges_internal._evaluate_people(
        v_people, v_orgs, v_candidates, v_result.late_people || v_rebuilt, v_fallen_people,
        v_fallen_orgs, 'rule'
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
