-- Measures a condition that no row of the snapshot has: tenure, other badges or a raw expression.
--
-- A tenure is reached once its due moment has passed for the engine: by an activity or a sweep.
create or replace function badges_internal._other_measure(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_as_of date,
    out value numeric,
    out is_reached boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_milestone.measure = 'tenure' then
        value := badges_internal._elapsed_units(
            badges_internal._tenure_unit(p_milestone.threshold, p_milestone.duration),
            badges_internal._first_day(p_peer_mentor_id, p_milestone.org_id, p_milestone.stat),
            p_as_of
        );
        is_reached := exists (
            select
            from badges_internal._tenures(
                array[p_peer_mentor_id], array[p_milestone.org_id],
                array[p_milestone.badge_definition_id]
            ) as tenure
            where tenure.node = p_milestone.node
            and tenure.due_at
                <= badges_internal._seen_until(p_peer_mentor_id, p_milestone.org_id)
        );
    elsif p_milestone.measure = 'badges' then
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
    value := coalesce(value, 0);
end;
$$;

comment on function badges_internal._other_measure(uuid, badges_internal.milestones, date) is
'Measures a condition that no row of the snapshot has: tenure, other badges or a raw expression.';
