-- Gives the first local day of a person's activities in a stat, null where there are none.
--
-- An activity's day lies within a day of its moment: only those around the first are looked at.
create or replace function badges_internal._first_day(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_stat text
)
returns date
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_first_date date;
begin
    select (held.first_at at time zone 'UTC')::date
    into v_first_date
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_stat
    and held.bucket = '';
    if v_first_date is null then
        return null;
    end if;
    return (
        select min(found.activity_date)
        from badges_internal._selected_activities(
            array[p_peer_mentor_id], p_org_id, p_stat, '', v_first_date - 1, v_first_date + 1
        ) as found
    );
end;
$$;

comment on function badges_internal._first_day(uuid, text, text) is
'Gives the first local day of a person''s activities in a stat, null where there are none.';
