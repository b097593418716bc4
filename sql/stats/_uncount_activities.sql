-- Takes a few gone activities of one person out of the snapshot, by what each changes in its rows.
--
-- What it leaves is what _rebuild_people would. The caller holds the base row, and knows that it is
-- of the present version and that nothing else of this statement was counted. False: the person
-- must be rebuilt. So it is where a row lacks what is to go; and where there is something to decide,
-- since another statement that runs beside this one may not be counted yet. Rules may come true
-- where negative values were counted, and fail where they can be revoked.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._uncount_activities(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_gone badges_internal.gone_activity[]
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_parts constant badges_internal.gone_part[] := badges_internal._gone_parts(
        p_peer_mentor_id, p_org_id, p_gone, null
    );
    v_part badges_internal.gone_part;
    v_rolling text[];
begin
    foreach v_part in array v_parts loop
        if (v_part.route).rolling_days is not null then
            v_rolling := v_rolling || v_part.stat;
        elsif (v_part.activity_count <= (v_part.held).activity_count) is not true then
            return false;
        end if;
        if (v_part.held).has_negative or v_part.value_min < 0 then
            return false;
        end if;
    end loop;
    if exists (
        select
        from badges.earned_badges as earned
        join badges.badge_definitions as definition
            on definition.badge_definition_id = earned.badge_definition_id
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and (definition.on_unmet = 'revoke' or earned.revoked_by = 'rule')
    ) or exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id
        and milestone.measure = 'raw'
    ) then
        return false;
    end if;
    foreach v_part in array v_parts loop
        if (v_part.route).rolling_days is null
            and not badges_internal._uncount_part(v_part)
        then
            return false;
        end if;
    end loop;
    if v_rolling is not null then
        perform badges_internal._roll_windows(
            array[p_peer_mentor_id], array[p_org_id], null, null, v_rolling
        );
    end if;
    return true;
end;
$$;

comment on function badges_internal._uncount_activities(
    uuid, text, badges_internal.gone_activity[]
) is
'Takes a few gone activities of one person out of the snapshot, by what each changes in its rows.';
