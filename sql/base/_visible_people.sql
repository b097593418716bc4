-- Gives the people of whom the session's token sees something: the own, and those administered.
--
-- A policy looks rows up by it: what the person is compared with must be known before the rows are.
create or replace function badges_internal._visible_people()
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_own constant uuid[] := array_remove(array[badges_internal._session_person()], null);
    v_org_ids constant text[] := badges_internal._administered_organizations();
begin
    if v_org_ids = '{}' then
        return v_own;
    end if;
    return array(
        select unnest(v_own)
        union
        select base.peer_mentor_id
        from badges.peer_mentor_stats as base
        where base.org_id = any(v_org_ids)
        and base.rule_set_version is not null
        union
        select earned.peer_mentor_id
        from badges.earned_badges as earned
        where earned.org_id = any(v_org_ids)
    );
end;
$$;

comment on function badges_internal._visible_people() is
'Gives the people of whom the session''s token sees something: the own, and those administered.';
