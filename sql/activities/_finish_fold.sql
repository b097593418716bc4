-- Decides what people have after a statement of many rows was folded into the snapshot.
--
-- p_first_days, p_last_days: of what each person was brought. p_types: the types of all of it,
-- asked for only where something is measured apart.
--
-- Writes: badges.peer_mentor_stats, and as _evaluate_people.
create or replace function badges_internal._finish_fold(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_first_days date[],
    p_last_days date[],
    p_begun badges_internal.begun_fold,
    p_result badges_internal.fold_result,
    p_types text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_candidates badges_internal.candidate[];
    v_rebuilt badges_internal.late_person[];
    v_changed badges_internal.late_person[];
    v_apart text[]; -- stats that are measured apart and chose, perhaps, some of it
    v_fallen_people uuid[];
    v_fallen_orgs text[];
    v_awards badges_internal.dated_award[];
begin
    v_candidates := p_begun.candidates || p_result.candidates
        || badges_internal._place_unit_runs(p_result.unit_changes);
    if p_types <> '{}' then
        v_apart := array(
            select defined.stat
            from badges_internal.stat_definitions as defined
            where defined.org_id = any(p_org_ids)
            and coalesce((defined.route).rolling_days, (defined.route).sequence_size) is not null
            and (defined.activity_types is null or defined.activity_types && p_types)
        );
    end if;
    if v_apart <> '{}' then
        select v_candidates || measured.candidates, measured.changed
        into v_candidates, v_changed
        from badges_internal._measure_apart(
            p_peer_mentor_ids, p_org_ids, p_first_days, p_last_days, v_apart
        ) as measured;
    end if;
    if p_result.late_days is not null then
        perform badges_internal._place_late_days(array(
            select row(
                late.peer_mentor_id, late.org_id, late.stat, late.bucket, held.last_date,
                held.run_end, array[held.day_run, held.week_run, held.month_run],
                array_agg(late.activity_date), array_agg(late.activity_count), null, null,
                held.ctid
            )::badges_internal.late_row
            from unnest(p_result.late_days) as late
            join badges.peer_mentor_stats as held
                on held.peer_mentor_id = late.peer_mentor_id
                and held.org_id = late.org_id
                and held.stat = late.stat
                and held.bucket = late.bucket
                -- The fold leaves run_end behind until the days are placed.
                and (late.activity_date < held.last_date or held.run_end < held.last_date)
            group by
                late.peer_mentor_id, late.org_id, late.stat, late.bucket, held.last_date,
                held.run_end, held.day_run, held.week_run, held.month_run, held.ctid
            order by late.peer_mentor_id, late.org_id, late.stat collate "C"
        ));
        v_candidates := v_candidates || badges_internal._cross_milestones(array(
            select distinct row(late.peer_mentor_id, late.org_id, late.stat, late.bucket)
                ::badges_internal.stat_key
            from unnest(p_result.late_days) as late
        ));
    end if;
    -- Of who was rebuilt whole, neither what is late nor what fell was told apart.
    select array_agg(
        row(stale.peer_mentor_id, stale.org_id, '-infinity')::badges_internal.late_person
    )
    into v_rebuilt
    from unnest(p_begun.stale_people, p_begun.stale_orgs) as stale (peer_mentor_id, org_id);
    select array_agg(fallen.peer_mentor_id), array_agg(fallen.org_id)
    into v_fallen_people, v_fallen_orgs
    from unnest(p_result.fallen_people || v_rebuilt || v_changed) as fallen;
    v_awards := badges_internal._decide_badges(p_result.states);
    if v_awards is not null then
        v_candidates := v_candidates || badges_internal._grant_dated(v_awards);
    end if;
    perform badges_internal._evaluate_people(
        p_peer_mentor_ids, p_org_ids, v_candidates, p_result.late_people || v_rebuilt,
        v_fallen_people, v_fallen_orgs, 'rule', p_since => case
            -- An activity's moment and its day lie less than two days apart.
            when v_fallen_people is null then (
                select min(first.day) from unnest(p_first_days) as first (day)
            )::timestamp at time zone 'UTC' - interval '2 days'
            else '-infinity'
        end
    );
end;
$$;

comment on function badges_internal._finish_fold(
    uuid[], text[], date[], date[], badges_internal.begun_fold, badges_internal.fold_result, text[]
) is
'Decides what people have after a statement of many rows was folded into the snapshot.';
