-- Takes a few gone activities of one person out of the snapshot, by what each changes in its rows.
--
-- What it leaves is what _rebuild_people would. p_pending: activities that are in the table and not
-- counted yet. The caller holds the base row, and knows that it is of the present version and that
-- nothing else of this statement was counted. Gives the badges that may have come true; is_done
-- false: a row lacks what is to go, so that the person must be rebuilt.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._uncount_activities(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_gone badges_internal.gone_activity[],
    p_pending bigint[],
    out is_done boolean,
    out candidates badges_internal.candidate[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_parts badges_internal.gone_part[] := badges_internal._gone_parts(
        p_peer_mentor_id, p_org_id, p_gone, p_pending
    );
    v_part badges_internal.gone_part;
    v_rolling text[];
    v_falling text[];
begin
    is_done := (
        select bool_and(coalesce(part.activity_count <= (part.held).activity_count, false))
        from unnest(v_parts) as part
        where (part.route).rolling_days is null
    );
    if not is_done then
        return;
    end if;
    foreach v_part in array v_parts loop
        if (v_part.route).rolling_days is not null then
            v_rolling := v_rolling || v_part.stat;
        else
            perform badges_internal._uncount_part(v_part);
        end if;
        -- Without what made it fall, a value may be enough, or may have been before.
        if (v_part.held).has_negative or v_part.value_min < 0 then
            v_falling := v_falling || v_part.stat;
        end if;
    end loop;
    if v_rolling is not null then
        candidates := badges_internal._roll_windows(
            array[p_peer_mentor_id], array[p_org_id], null, null, v_rolling
        );
    end if;
    if v_falling is not null then
        candidates := candidates || array(
            select distinct row(
                p_peer_mentor_id, p_org_id, milestone.badge_definition_id, null, null
            )::badges_internal.candidate
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
            and milestone.stat = any(v_falling)
        );
    end if;
end;
$$;

comment on function badges_internal._uncount_activities(
    uuid, text, badges_internal.gone_activity[], bigint[]
) is
'Takes a few gone activities of one person out of the snapshot, by what each changes in its rows.';
