-- Folds a few activities into the snapshot by statements that stay planned.
--
-- The statements are those of _element_statement and _fold_statement, built in here once: planning
-- them anew would cost more than running them on a few rows.
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
set enable_material = off
set enable_seqscan = off
set search_path = pg_catalog, pg_temp
as $body$
declare
    v_changes badges_internal.element_change[];
    v_result badges_internal.fold_result;
begin
    %s
    into v_changes;
    if v_changes is not null then
        v_changes := badges_internal._add_unit_runs(v_changes);
    end if;
    %s
    into v_result;
    return v_result;
end;
$body$
        $function$,
        badges_internal._element_statement('unnest(p_activities)', 'p_stats'),
        badges_internal._fold_statement('unnest(p_activities)', 'p_stats', 'v_changes')
    );
end;
$build$;

comment on function badges_internal._fold_few(badges.activities[], text[]) is
'Folds a few activities into the snapshot by statements that stay planned.';
