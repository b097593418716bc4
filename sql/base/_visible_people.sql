-- Gives the people of whom the session's token sees something: the own, and those administered.
--
-- A policy looks rows up by it: what the person is compared with must be known before the rows are.
create or replace function badges_internal._visible_people()
returns uuid[]
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select array(
        select person.peer_mentor_id
        from badges_internal._session_person() as person (peer_mentor_id)
        where person.peer_mentor_id is not null
        union
        select base.peer_mentor_id
        from badges.peer_mentor_stats as base
        where base.org_id = any(badges_internal._administered_organizations())
        and base.stat = '*'
        union
        select earned.peer_mentor_id
        from badges.earned_badges as earned
        where earned.org_id = any(badges_internal._administered_organizations())
    );
$$;

comment on function badges_internal._visible_people() is
'Gives the people of whom the session''s token sees something: the own, and those administered.';
