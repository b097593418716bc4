-- Measures a condition on other badges or a raw expression: no row of the snapshot has it.
create or replace function badges_internal._other_measure(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    out value numeric,
    out is_reached boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_milestone.measure = 'badges' then
        select count(*)
        into value
        from badges_internal._held_badges(
            p_peer_mentor_id, p_milestone.org_id, p_milestone.badge_definition_id,
            p_milestone.badge_ids, p_milestone.badge_category
        ) as held;
        is_reached := value >= p_milestone.threshold;
    else
        is_reached := badges_internal._is_setting_on('criteria_raw')
            and badges_internal._raw_holds(
                p_milestone.expression,
                badges_internal._stats_document(p_peer_mentor_id, p_milestone.org_id)
            );
        value := is_reached::integer;
    end if;
end;
$$;

comment on function badges_internal._other_measure(uuid, badges_internal.milestones) is
'Measures a condition on other badges or a raw expression: no row of the snapshot has it.';
