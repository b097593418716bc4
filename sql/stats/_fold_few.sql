-- Folds a few activities into the snapshot by a statement that stays planned.
--
-- The statement is that of _fold_statement, built in here once: planning it anew would cost more
-- than running it on a few rows.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
do $build$
begin
    execute format(
        $function$
create or replace function badges_internal._fold_few(
    p_activities badges.activities[],
    p_stats text[]
)
returns badges_internal.fold_result
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_nestloop = off
set enable_mergejoin = off
set enable_seqscan = off
set search_path = pg_catalog, pg_temp
as $body$
declare
    v_people uuid[];
    v_orgs text[];
    v_result badges_internal.fold_result;
begin
    select array_agg(person.peer_mentor_id), array_agg(person.org_id)
    into v_people, v_orgs
    from (select distinct a.peer_mentor_id, a.org_id from unnest(p_activities) as a) as person;
    %s
    into v_result;
    return v_result;
end;
$body$
        $function$,
        replace(replace(replace(replace(
            badges_internal._fold_statement(
                'unnest(p_activities) as a join people as person'
                ' on person.peer_mentor_id = a.peer_mentor_id and person.org_id = a.org_id'
            ),
            '$1', 'p_stats'), '$2', 'v_people'), '$3', 'v_orgs'), '$4', 'false')
    );
end;
$build$;

comment on function badges_internal._fold_few(badges.activities[], text[]) is
'Folds a few activities into the snapshot by a statement that stays planned.';
