-- Gives the badges that the session's token sees: all that it administers, the own ones in sight.
--
-- In sight are badges that are enabled and not hidden, and those that the person was once awarded.
create or replace function badges_internal._visible_badges()
returns text[]
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select array(
        select config.badge_definition_id
        from badges.org_badge_configs as config
        where config.org_id = any(badges_internal._administered_organizations())
        union
        select config.badge_definition_id
        from badges.org_badge_configs as config
        where config.org_id = any(badges_internal._own_organizations())
        and badges_internal._is_in_sight(config.badge_definition_id, config.org_id)
        union
        select earned.badge_definition_id
        from badges.earned_badges as earned
        where earned.peer_mentor_id = badges_internal._session_person()
        and earned.org_id = any(badges_internal._own_organizations())
    );
$$;

comment on function badges_internal._visible_badges() is
'Gives the badges that the session''s token sees: all that it administers, the own ones in sight.';
