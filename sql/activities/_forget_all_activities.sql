-- Empties the snapshot when the activities are truncated.
--
-- Awards stay, but for those of revoke badges.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges_internal.due_people,
--         badges.earned_badges, badges.award_events.
create or replace function badges_internal._forget_all_activities()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_people uuid[];
    v_orgs text[];
begin
    perform badges_internal._hold_rules();
    -- Supabase loads pg_safeupdate for its API: a delete without a condition is refused.
    delete from badges_internal.stat_elements where true;
    delete from badges.peer_mentor_stats where true;
    delete from badges_internal.due_people where true;
    select array_agg(person.peer_mentor_id), array_agg(person.org_id)
    into v_people, v_orgs
    from (
        select distinct earned.peer_mentor_id, earned.org_id
        from badges.earned_badges as earned
        join badges.badge_definitions as definition
            on definition.badge_definition_id = earned.badge_definition_id
            and definition.on_unmet in ('revoke', 'lapse')
    ) as person;
    perform badges_internal._evaluate_people(
        v_people, v_orgs, null, null, v_people, v_orgs, 'rule'
    );
    return null;
end;
$$;

comment on function badges_internal._forget_all_activities() is
'Empties the snapshot when the activities are truncated.';

create or replace trigger forget_all_activities
after truncate on badges.activities
for each statement execute function badges_internal._forget_all_activities();
