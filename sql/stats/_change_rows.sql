-- Changes a person's rows of the snapshot by what a few changed activities had and have in each.
--
-- What it leaves is what _rebuild_people would. The caller holds the base row, and knows that it is
-- of the present version and that nothing else of this statement was counted. is_done false: the
-- person must be rebuilt. So it is where a row lacks what is to go, where activities came to a row
-- at other moments, where one may excuse a unit of a streak, and where there is something to
-- decide, since a statement that runs beside this one may not be counted yet. Rules may come true
-- where values rise, negative ones were counted or something must not hold, and fail where they can
-- be revoked. may_be_due: a tenure may fall due at another day.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._change_rows(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_changed badges_internal.changed_activity[],
    out is_done boolean,
    out may_be_due boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_parts constant badges_internal.changed_part[] := badges_internal._changed_parts(
        p_peer_mentor_id, p_org_id, p_changed
    );
    v_part badges_internal.changed_part;
    v_rolling text[];
    v_is_done boolean;
begin
    is_done := false;
    may_be_due := false;
    if exists (
        select
        from badges_internal.stat_definitions as defined
        join unnest(p_changed) as changed
            on changed.activity_type = any((defined.route).excuse_types)
        where defined.org_id = p_org_id
        and (defined.route).excuse_types is not null
    ) then
        return;
    end if;
    if cardinality(v_parts) = 0 then
        is_done := true;
        return;
    end if;
    foreach v_part in array v_parts loop
        if (v_part.route).rolling_days is null
            and (v_part.gone_count <= (v_part.held).activity_count) is not true
            or (v_part.held).has_negative or v_part.value_min < 0
            or v_part.come_count > 0 and v_part.is_in_place is not true
        then
            return;
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
    ) or exists (
        select
        from (
            select grouped.badge_definition_id
            from badges_internal.condition_groups as grouped
            where grouped.org_id = p_org_id
            and grouped.kind = 'none_of'
            offset 0
        ) as barring
        cross join lateral (
            select
            from badges_internal.milestones as milestone
            where milestone.org_id = p_org_id
            and milestone.badge_definition_id = barring.badge_definition_id
            and milestone.stat in (select part.stat from unnest(v_parts) as part)
            offset 0
        ) as milestone
    ) then
        return;
    end if;
    may_be_due := exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id
        and milestone.measure = 'lapse'
    );
    foreach v_part in array v_parts loop
        if (v_part.route).sequence is not null then
            v_is_done := badges_internal._change_sequence(v_part);
        elsif (v_part.route).rolling_days is null then
            v_is_done := badges_internal._change_row(v_part);
        else
            v_is_done := badges_internal._change_windows(v_part);
            if v_is_done is null then
                v_rolling := v_rolling || v_part.stat;
            end if;
        end if;
        -- First days tell when a tenure falls due, last moments that it has.
        may_be_due := may_be_due or v_part.is_in_place is not true and (
            v_part.first_at <= (v_part.held).first_at + interval '3 days'
            or v_part.last_at >= (v_part.held).last_at
        );
        if not v_is_done then
            return;
        end if;
    end loop;
    if v_rolling is not null then
        perform badges_internal._measure_apart(
            array[p_peer_mentor_id], array[p_org_id], null, null, v_rolling
        );
    end if;
    is_done := true;
end;
$$;

comment on function badges_internal._change_rows(
    uuid, text, badges_internal.changed_activity[]
) is
'Changes a person''s rows of the snapshot by what a few changed activities had and have in each.';
