-- Gives the version of the rules of which a person's base row begins.
--
-- That of the organization; of who holds awards the one by which everybody was evaluated last,
-- since a newer one has not met who has no row. In line where it is called.
create or replace function badges_internal._beginning_version(
    p_peer_mentor_id uuid,
    p_organization badges.organizations
)
returns table (version integer)
language sql
stable
rows 1
begin atomic
    select case
        when p_organization.evaluated_version < p_organization.rule_set_version and exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = p_peer_mentor_id
            and earned.org_id = p_organization.org_id
        ) then p_organization.evaluated_version
        else p_organization.rule_set_version
    end;
end;

comment on function badges_internal._beginning_version(uuid, badges.organizations) is
'Gives the version of the rules of which a person''s base row begins.';
