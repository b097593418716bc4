-- Gives an organization another calendar in a new version, and marks what is to be built anew.
--
-- Another zone or start of the day: everything, since every day may be another; the days before are
-- noted for _rewrite_days. Another start of the week: what is counted by weeks.
--
-- Writes: badges.organizations, what _save_compiled and _save_routes write.
create or replace function badges_internal._move_calendar(
    p_org_id text,
    p_version integer,
    p_calendar jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_moves_days boolean;
begin
    update badges.organizations as organization
    set
        time_zone = p_calendar ->> 'time_zone',
        day_starts = (p_calendar ->> 'day_starts')::time,
        week_starts = p_calendar ->> 'week_starts',
        previous_time_zone = case when moved.days then organization.time_zone end,
        previous_day_starts = case when moved.days then organization.day_starts end,
        previous_activity_id = null
    from (
        select
            row(held.time_zone, held.day_starts)
                <> row(p_calendar ->> 'time_zone', (p_calendar ->> 'day_starts')::time) as days
        from badges.organizations as held
        where held.org_id = p_org_id
    ) as moved
    where organization.org_id = p_org_id
    returning moved.days into v_moves_days;
    perform badges_internal._save_compiled(array[p_org_id], p_version);
    perform badges_internal._save_routes(array[p_org_id], p_version);
    with concerned as (
        update badges_internal.stat_definitions as defined
        set since_version = p_version
        where defined.org_id = p_org_id
        and (
            v_moves_days
            or 'week_run' = any(defined.watched)
            -- Wherever it stands: another value of that name costs a rebuild at most.
            or jsonb_path_exists(defined.selector, '$.** ? (@ == "week")')
        )
        returning defined.stat
    ),
    noted as (
        insert into badges_internal.stat_changes (org_id, stat, first_version, version)
        select p_org_id, concerned.stat, p_version, p_version
        from concerned
        -- Who gets other days is built anew as a whole.
        where not v_moves_days
        on conflict (org_id, stat) do update set version = excluded.version
    )
    update badges_internal.milestones as milestone
    set since_version = p_version
    where milestone.org_id = p_org_id
    and (v_moves_days or milestone.stat in (select concerned.stat from concerned));
end;
$$;

comment on function badges_internal._move_calendar(text, integer, jsonb) is
'Gives an organization another calendar in a new version, and marks what is to be built anew.';
