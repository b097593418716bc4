-- Takes a few gone activities out of the snapshot, person by person, where that decides nothing.
--
-- Gives the people who have to be rebuilt: those of another version, those about whom there is
-- something to decide, and those of whom this transaction has counted something by a look at the
-- table, which may have lacked these by then.
--
-- Locks:  base rows in key order.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges_internal.due_people,
--         badges.earned_badges, badges.award_events.
create or replace function badges_internal._uncount_few_activities(
    p_gone badges_internal.gone_activity[],
    out peer_mentor_ids uuid[],
    out org_ids text[]
)
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person record;
    v_is_sure boolean;
    v_people uuid[];
    v_orgs text[];
begin
    for v_person in
        select
            gone.peer_mentor_id, gone.org_id, array_agg(gone) as activities
        from unnest(p_gone) as gone
        group by gone.peer_mentor_id, gone.org_id
        order by gone.peer_mentor_id, gone.org_id
    loop
        select
            held.rule_set_version = organization.rule_set_version
            and held.counted_in is distinct from pg_current_xact_id()
        into v_is_sure
        from badges.peer_mentor_stats as held
        join badges.organizations as organization
            on organization.org_id = held.org_id
        where held.peer_mentor_id = v_person.peer_mentor_id
        and held.org_id = v_person.org_id
        and held.stat = '*'
        and held.bucket = ''
        for no key update of held;
        if v_is_sure and badges_internal._uncount_activities(
            v_person.peer_mentor_id, v_person.org_id, v_person.activities
        ) then
            v_people := v_people || v_person.peer_mentor_id;
            v_orgs := v_orgs || v_person.org_id;
        else
            peer_mentor_ids := peer_mentor_ids || v_person.peer_mentor_id;
            org_ids := org_ids || v_person.org_id;
        end if;
    end loop;
    if v_people is not null then
        perform badges_internal._evaluate_people(
            v_people, v_orgs, null, null, null, null, 'rule'
        );
    end if;
end;
$$;

comment on function badges_internal._uncount_few_activities(badges_internal.gone_activity[]) is
'Takes a few gone activities out of the snapshot, person by person, where that decides nothing.';
