-- Recounts what a few deleted or changed activities count in, where that decides nothing.
--
-- Gives the people who have to be rebuilt: those of another version, those about whom there is
-- something to decide, and those of whom this transaction has counted something by a look at the
-- table, which may have lacked these by then.
--
-- Locks:  base rows in key order.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges_internal.due_people,
--         badges.earned_badges, badges.award_events.
create or replace function badges_internal._recount_few_activities(
    p_changed badges_internal.changed_activity[],
    out peer_mentor_ids uuid[],
    out org_ids text[]
)
language plpgsql
volatile
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person record;
    v_is_sure boolean;
    v_may_be_due boolean;
    v_people uuid[];
    v_orgs text[];
begin
    for v_person in
        select
            changed.peer_mentor_id, changed.org_id, array_agg(changed) as activities
        from unnest(p_changed) as changed
        group by changed.peer_mentor_id, changed.org_id
        order by changed.peer_mentor_id, changed.org_id
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
        if v_is_sure then
            select done.is_done, done.may_be_due
            into v_is_sure, v_may_be_due
            from badges_internal._change_rows(
                v_person.peer_mentor_id, v_person.org_id, v_person.activities
            ) as done;
        end if;
        if v_is_sure and current_setting('transaction_isolation') <> 'read committed' then
            -- Written, not only locked: these rules may be older than those a batch goes by.
            perform badges_internal._mark_looked(
                array[v_person.peer_mentor_id], array[v_person.org_id]
            );
        end if;
        if v_is_sure and v_may_be_due then
            v_people := v_people || v_person.peer_mentor_id;
            v_orgs := v_orgs || v_person.org_id;
        elsif v_is_sure is not true then
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

comment on function badges_internal._recount_few_activities(badges_internal.changed_activity[]) is
'Recounts what a few deleted or changed activities count in, where that decides nothing.';
