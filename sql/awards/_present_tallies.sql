-- Gives what badges that lapse look at of a person as it is now, as is_eligible sees it.
--
-- {stat: {days: tally}}: days is how many local days that end today, '' = all; the longest runs are
-- those that are alive. Now is the person's last activity or sweep.
create or replace function badges_internal._present_tallies(p_peer_mentor_id uuid, p_org_id text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_today constant date := badges_internal._local_day(
        p_org_id, badges_internal._seen_until(p_peer_mentor_id, p_org_id)
    );
begin
    return (
        with asked as (
            select distinct milestone.stat, milestone.last_days, milestone.lapse_measure
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
            and milestone.measure = 'lapse'
            and milestone.stat is not null
        ),
        measured as (
            select asked.stat, asked.last_days::text as days, recent.measure, recent.value
            from asked
            cross join lateral badges_internal._recent_values(
                array[p_peer_mentor_id], p_org_id, asked.stat, asked.last_days, v_today
            ) as recent
            where asked.last_days is not null
            and recent.measure = asked.lapse_measure
            union all
            select
                asked.stat, '',
                case when asked.lapse_measure like '%\_run' then 'longest_' else '' end
                    || asked.lapse_measure,
                badges_internal._present_value(
                    held, asked.lapse_measure, defined.route, v_today
                )
            from asked
            join badges.peer_mentor_stats as held
                on held.peer_mentor_id = p_peer_mentor_id
                and held.org_id = p_org_id
                and held.stat = asked.stat
            left join badges_internal.stat_definitions as defined
                on defined.org_id = p_org_id
                and defined.stat = asked.stat
            where asked.last_days is null
        ),
        tallies as (
            select measured.stat, measured.days,
                jsonb_object_agg(measured.measure, measured.value) as tally
            from measured
            group by measured.stat, measured.days
        )
        select coalesce(jsonb_object_agg(each.stat, each.by_days), '{}')
        from (
            select tallies.stat, jsonb_object_agg(tallies.days, tallies.tally) as by_days
            from tallies
            group by tallies.stat
        ) as each
    );
end;
$$;

comment on function badges_internal._present_tallies(uuid, text) is
'Gives what badges that lapse look at of a person as it is now, as is_eligible sees it.';
