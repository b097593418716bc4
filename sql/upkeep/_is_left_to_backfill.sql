-- Tells whether a person of an older version may stay so, since a backfill that runs comes by.
--
-- For an activity in order that reached nothing: p_stats are those that chose it, and none of them
-- is asked otherwise since p_version. What is new then holds or not without it, and the backfill
-- finds the person. It runs while the transaction that _begin_batch told is in progress; one that
-- is not told, or began after the writer's, leaves the work to the writer. A change of time zone is
-- the whole person's.
create or replace function badges_internal._is_left_to_backfill(
    p_org_id text,
    p_stats text[],
    p_version integer
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_batch constant xid8 := (
        select batch.last_value from badges_internal.latest_batch as batch
    )::text::xid8;
    -- Of a transaction to come, which a restored dump may name, nobody may ask.
    v_status constant text := case
        when v_batch < pg_catalog.pg_current_xact_id() then pg_catalog.pg_xact_status(v_batch)
    end;
begin
    if v_status is distinct from 'in progress' then
        return false;
    end if;
    return not exists (
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
