-- Tells of a rolling window which one is the best, and what the one that ends on p_as_of has.
--
-- {"best", "current"}: best where there are activities, the latest of several. Reads the person's
-- activities of the stat.
create or replace function badges_internal._rolling_details(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_selector jsonb,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_days constant integer := (p_selector -> 'window' -> 'rolling_days')::integer;
    v_best record;
begin
    select *
    into v_best
    from badges_internal._best_rolling_window(p_peer_mentor_id, p_milestone);
    return jsonb_strip_nulls(jsonb_build_object(
        'best', case when v_best.last_day is not null then badges_internal._measured_between(
            p_peer_mentor_id, p_milestone, p_selector, v_best.bucket,
            v_best.last_day - v_days + 1, v_best.last_day
        ) end,
        'current', badges_internal._measured_between(
            p_peer_mentor_id, p_milestone, p_selector, null, p_as_of - v_days + 1, p_as_of
        )
    ));
end;
$$;
