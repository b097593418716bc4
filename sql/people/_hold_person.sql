-- Locks a person, and one who goes with them, in the organizations that keep something of them.
--
-- Gives the organizations, of p_org_id that one at most. Writers for either person wait, and so do
-- those who take or settle events or note what was shown. Who records for the first time in an
-- organization meanwhile comes after.
--
-- Locks:  base rows in key order, badges_internal.event_consumers, then event_queue and
--         badges.earned_badges of the people, each in key order.
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._hold_person(
    p_peer_mentor_id uuid,
    p_with uuid,
    p_org_id text
)
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_people constant uuid[] := array_remove(array[p_peer_mentor_id, p_with], null);
    v_orgs text[] := '{}';
    v_new text[];
begin
    perform badges_internal._hold_rules();
    loop
        -- Again, since somebody who was waited for may have brought more.
        v_new := array(
            select found.org_id
            from unnest(badges_internal._organizations_of(p_peer_mentor_id)) as found (org_id)
            where found.org_id <> all(v_orgs)
            and (p_org_id is null or found.org_id = p_org_id)
        );
        exit when v_new = '{}';
        perform badges_internal._lock_people(
            array_agg(person.peer_mentor_id), array_agg(organization.org_id)
        )
        from unnest(v_people) as person (peer_mentor_id)
        cross join badges.organizations as organization
        where organization.org_id = any(v_new);
        v_orgs := v_orgs || v_new;
    end loop;
    perform
    from badges_internal.event_consumers as consumer
    order by consumer.consumer
    for no key update;
    perform
    from badges_internal.event_queue as queued
    where queued.peer_mentor_id = any(v_people)
    order by queued.consumer, queued.event_id
    for update;
    perform
    from badges.earned_badges as earned
    where earned.peer_mentor_id = any(v_people)
    and earned.org_id = any(v_orgs)
    order by earned.peer_mentor_id, earned.badge_definition_id, earned.org_id, earned.tier,
        earned.occurrence
    for update;
    return v_orgs;
end;
$$;

comment on function badges_internal._hold_person(uuid, uuid, text) is
'Locks a person, and one who goes with them, in the organizations that keep something of them.';
