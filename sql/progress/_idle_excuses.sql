-- Lists the units of a streak's run that activities excuse and that do not count, by first day.
create or replace function badges_internal._idle_excuses(
    p_stats badges.peer_mentor_stats,
    p_route badges_internal.stat_route,
    p_first date,
    p_until date
)
returns jsonb
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(excused.day order by excused.day), '[]')
    from unnest(badges_internal._excused_units(
        p_stats.peer_mentor_id, p_stats.org_id, p_route, p_first, p_until + 1
    )) as excused (day)
    where not exists (
        select
        from badges_internal.stat_elements as element
        where element.peer_mentor_id = p_stats.peer_mentor_id
        and element.org_id = p_stats.org_id
        and element.stat = p_stats.stat
        and element.bucket = ''
        and element.element = to_char(excused.day::timestamp, 'YYYY-MM-DD')
        and element.is_counted
    );
$$;

comment on function badges_internal._idle_excuses(
    badges.peer_mentor_stats, badges_internal.stat_route, date, date
) is
'Lists the units of a streak''s run that activities excuse and that do not count, by first day.';
