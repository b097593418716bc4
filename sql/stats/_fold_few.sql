-- Counts some hundreds of activities as _fold_statement does, by a plan that the session keeps.
--
-- To plan takes longer than to count so many. The parameters are the statement's, $5 is what is
-- counted. The routine is made of the statement's text, at each load.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
do $make$
begin
    execute replace(
        $function$
create or replace function badges_internal._fold_few(
    p_stats text[],
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_is_anew boolean,
    p_activities badges.activities[]
)
returns badges_internal.fold_result
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = on
set jit = off
set plan_cache_mode = force_generic_plan
as $body$
declare
    v_result badges_internal.fold_result;
begin
    {statement}
    into v_result;
    return v_result;
end;
$body$;
$function$,
        '{statement}',
        badges_internal._fold_statement('join unnest($5) as a using (peer_mentor_id, org_id)')
    );
end;
$make$;

comment on function badges_internal._fold_few(
    text[], uuid[], text[], boolean, badges.activities[]
) is
'Counts some hundreds of activities as _fold_statement does, by a plan that the session keeps.';
