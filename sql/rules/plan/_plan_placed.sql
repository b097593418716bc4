-- Dates planned awards of badges whose places may not do for all, so that the first are known.
create or replace function badges_internal._plan_placed(
    p_document jsonb,
    p_states badges_internal.condition_state[],
    p_groups badges_internal.condition_groups[],
    p_awards badges_internal.dated_award[]
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
declare
    v_badges text[];
    v_states badges_internal.condition_state[];
begin
    if not jsonb_path_exists(p_document, '$.badges.*.limit') then
        return p_awards;
    end if;
    v_badges := array(
        select distinct award.badge_definition_id
        from unnest(p_awards) as award
        join badges_internal._plan_places(p_document) as free
            on free.org_id = award.org_id
            and free.badge_definition_id = award.badge_definition_id
            and free.tier = award.tier
        group by award.org_id, award.badge_definition_id, award.tier, free.places
        having free.places > 0
        and count(*) > free.places
    );
    if v_badges = '{}' then
        return p_awards;
    end if;
    v_states := array(
        select state
        from unnest(p_states) as state
        where state.badge_definition_id = any(v_badges)
    );
    return array(
        select award
        from unnest(p_awards) as award
        where award.badge_definition_id <> all(v_badges)
    ) || (
        badges_internal._plan_awards(badges_internal._date_conditions(v_states), p_groups)
    ).awards;
end;
$$;

comment on function badges_internal._plan_placed(
    jsonb, badges_internal.condition_state[], badges_internal.condition_groups[],
    badges_internal.dated_award[]
) is
'Dates planned awards of badges whose places may not do for all, so that the first are known.';
