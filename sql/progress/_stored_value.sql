-- Gives what a person has of a measure of a stat: the best part's, and what there is now.
--
-- By the snapshot; p_last_days: of so many days that end on p_as_of, by their activities. present:
-- of a run the length of the one that is alive on p_as_of, else the value. may_fall: a negative
-- value was counted.
create or replace function badges_internal._stored_value(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stat text,
    p_measure text,
    p_last_days integer,
    p_as_of date,
    out value numeric,
    out present numeric,
    out may_fall boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_org_id, p_stat)).route;
begin
    if p_last_days is not null then
        select max(recent.value), max(recent.value)
        into value, present
        from badges_internal._recent_values(
            array[p_peer_mentor_id], p_org_id, p_stat, p_last_days, p_as_of
        ) as recent
        where recent.measure = p_measure;
        return;
    end if;
    select
        max(badges_internal._measured(held, p_measure)),
        max(badges_internal._present_value(held, p_measure, v_route, p_as_of)),
        bool_or(held.has_negative)
    into value, present, may_fall
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_stat;
end;
$$;

comment on function badges_internal._stored_value(uuid, text, text, text, integer, date) is
'Gives what a person has of a measure of a stat: the best part''s, and what there is now.';
