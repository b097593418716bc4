-- Gives the badges that the session's token sees: all that it administers, the own ones in sight.
--
-- In sight are badges that are enabled and not hidden, and those that the person was once awarded.
create or replace function badges_internal._visible_badges()
returns text[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person constant uuid := badges_internal._session_person();
    v_own constant text[] := badges_internal._own_organizations();
    v_administered constant text[] := badges_internal._administered_organizations();
begin
    return array(
        select config.badge_definition_id
        from badges.org_badge_configs as config
        where config.org_id = any(v_administered)
        union
        select config.badge_definition_id
        from badges.org_badge_configs as config
        where config.org_id = any(v_own)
        and badges_internal._is_in_sight(config.badge_definition_id, config.org_id)
        union
        select earned.badge_definition_id
        from badges.earned_badges as earned
        where earned.peer_mentor_id = v_person
        and earned.org_id = any(v_own)
    );
end;
$$;

comment on function badges_internal._visible_badges() is
'Gives the badges that the session''s token sees: all that it administers, the own ones in sight.';
