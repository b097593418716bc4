-- Writes awards that nobody has yet: of badges with a limit while places are left.
--
-- p_is_final: docs of _claim_places. Gives the badges granted, a row an award.
--
-- Locks:  badges.earned_badges rows, in key order.
-- Writes: badges.earned_badges, badges.award_events, the server's log.
create or replace function badges_internal._grant_badges(
    p_awards badges_internal.dated_award[],
    p_source text,
    p_is_final boolean default false
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_awards constant badges_internal.dated_award[]
        := badges_internal._claim_places(p_awards, p_source, p_is_final);
begin
    return (
        select array_agg(row(
            granted.peer_mentor_id, granted.org_id, granted.badge_definition_id, null, null
        )::badges_internal.candidate)
        from unnest(badges_internal._write_awards(v_awards, p_source)) as granted
    );
end;
$$;

comment on function badges_internal._grant_badges(badges_internal.dated_award[], text, boolean) is
'Writes awards that nobody has yet: of badges with a limit while places are left.';
