-- Lists the excused units of each person and streak, by their first days.
create or replace function badges_internal._verify_excused_units(
    p_scope badges_internal.verified_scope
)
returns table (peer_mentor_id uuid, number integer, units date[])
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Not in line: how it is grouped would hang on statistics.
    return query
    select excuse.peer_mentor_id, excuse.number, array_agg(excuse.unit)
    from badges_internal._verify_excuses(p_scope) as excuse
    group by excuse.peer_mentor_id, excuse.number;
end;
$$;

comment on function badges_internal._verify_excused_units(badges_internal.verified_scope) is
'Lists the excused units of each person and streak, by their first days.';
