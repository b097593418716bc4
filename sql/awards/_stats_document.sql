-- Gives a person's stats as the document that criteria_raw and is_eligible see.
--
-- Shape: docs/stats-document.schema.json. What the organization knows is there, at zero where
-- nothing happened. A first local day is looked up where a tenure asks it; runs of base stats that
-- no other rule asks for are counted from all activities where a raw expression may name them.
-- p_with_present: with what is_eligible needs of badges that lapse, which no raw expression sees.
create or replace function badges_internal._stats_document(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_with_present boolean default false
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_first_dates jsonb := (
        select coalesce(jsonb_object_agg(
            asked.stat, badges_internal._first_day(p_peer_mentor_id, p_org_id, asked.stat)
        ), '{}')
        from (
            select distinct milestone.stat
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
            and milestone.measure = 'tenure'
        ) as asked
    );
    v_nothing_yet constant jsonb := badges_internal._stats_at_zero(p_org_id);
    v_asks_runs constant boolean := exists (
        select from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id and milestone.measure = 'raw'
        and milestone.expression::jsonpath::text ~ '_run"|\*'
    );
begin
    return (
        with best as materialized (
            select
                held.stat,
                jsonb_build_object(
                    'count', max(held.activity_count), 'sum', max(held.value_sum),
                    'max', max(held.value_max),
                    'active_days', coalesce(max(held.active_days), 0),
                    'distinct', coalesce(max(held.distinct_count), 0),
                    'day_run', coalesce(max(held.day_run), max(anew.runs[1]), 0),
                    'week_run', coalesce(max(held.week_run), max(anew.runs[2]), 0),
                    'month_run', coalesce(max(held.month_run), max(anew.runs[3]), 0),
                    'longest_day_run',
                    coalesce(max(held.longest_day_run), max(anew.longest_runs[1]), 0),
                    'longest_week_run',
                    coalesce(max(held.longest_week_run), max(anew.longest_runs[2]), 0),
                    'longest_month_run',
                    coalesce(max(held.longest_month_run), max(anew.longest_runs[3]), 0),
                    'first_date', v_first_dates -> held.stat,
                    'first_at', min(held.first_at), 'last_at', max(held.last_at)
                ) as document
            from badges.peer_mentor_stats as held
            left join lateral (
                select counted.runs, counted.longest_runs
                from badges_internal._days_anew(
                    jsonb_populate_record(null::badges_internal.changed_part, jsonb_build_object(
                        'peer_mentor_id', p_peer_mentor_id, 'org_id', p_org_id, 'bucket', '',
                        'types', nullif(jsonb_build_array(substr(held.stat, 2)), '[""]')
                    )),
                    null
                ) as counted
                where v_asks_runs
                and held.stat < '~'
                and num_nulls(held.day_run, held.week_run, held.month_run) > 0
                offset 0
            ) as anew on true
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            group by held.stat
        )
        select (
            select jsonb_build_object(
                'time_zone', own.time_zone, 'day_starts', own.day_starts,
                'closed_days', own.closed_days
            ) from badges.organizations as own where own.org_id = p_org_id
        ) || jsonb_build_object(
            'as_of', badges_internal._seen_until(p_peer_mentor_id, p_org_id),
            'present', case when p_with_present
                then badges_internal._present_tallies(p_peer_mentor_id, p_org_id) else '{}' end,
            'activities', (v_nothing_yet -> 'activities') || coalesce((
                select jsonb_object_agg(
                    coalesce(nullif(substr(best.stat, 2), ''), '*'), best.document - 'distinct'
                )
                from best where best.stat < '~'
            ), '{}'),
            'selectors', (v_nothing_yet -> 'selectors') || coalesce((
                select jsonb_object_agg(best.stat, best.document) from best
            ), '{}'),
            'badges', coalesce((
                select jsonb_object_agg(badge.badge_definition_id, badge.document)
                from (
                    select
                        earned.badge_definition_id,
                        jsonb_build_object(
                            'tiers', jsonb_agg(distinct earned.tier),
                            'earned_at', min(earned.earned_at),
                            'category', min(definition.category),
                            'from_badges',
                            bool_or(badges_internal._counts_badges(definition.criteria))
                        ) as document
                    from badges.earned_badges as earned
                    join badges.badge_definitions as definition using (badge_definition_id)
                    where earned.peer_mentor_id = p_peer_mentor_id and earned.org_id = p_org_id
                    and earned.revoked_at is null
                    group by earned.badge_definition_id
                ) as badge
            ), '{}')
        )
    );
end;
$$;

comment on function badges_internal._stats_document(uuid, text, boolean) is
'Gives a person''s stats as the document that criteria_raw and is_eligible see.';
