-- Tells whether a person of an older version may stay so, since a backfill that runs comes by.
--
-- For an activity in order that reached nothing: p_stats are those that chose it, and none of them
-- is asked otherwise since p_version. What is new then holds or not without it, and the backfill,
-- which locks measured_ahead, finds the person. A change of time zone is the whole person's.
create or replace function badges_internal._is_left_to_backfill(
    p_org_id text,
    p_stats text[],
    p_version integer
)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from pg_catalog.pg_locks as held
        where held.relation = 'badges_internal.measured_ahead'::pg_catalog.regclass
        and held.mode = 'RowShareLock'
        and held.granted
        and held.database = (
            select own.oid
            from pg_catalog.pg_database as own
            where own.datname = pg_catalog.current_database()
        )
    ) and not exists (
        select
        from badges_internal.stat_changes as change
        where change.org_id = p_org_id
        and change.stat = any(p_stats)
        and change.version > p_version
    ) and not exists (
        select
        from badges.organizations as organization
        where organization.org_id = p_org_id
        and organization.previous_time_zone is not null
    );
end;
$$;

comment on function badges_internal._is_left_to_backfill(text, text[], integer) is
'Tells whether a person of an older version may stay so, since a backfill that runs comes by.';
