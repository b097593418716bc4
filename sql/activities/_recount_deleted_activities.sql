-- Keeps the snapshot after activities were deleted, by any statement or cascade.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements.
create or replace function badges_internal._recount_deleted_activities()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_kinds badges_internal.activity_kind[];
    v_late badges_internal.late_person[];
    v_changed badges_internal.changed_activity[];
begin
    perform badges_internal._hold_rules();
    select array_agg(row(
        a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at, a.quantity,
        a.attributes, false
    )::badges_internal.changed_activity)
    into v_changed
    from (select * from old_activities limit 31) as a;
    if cardinality(v_changed) <= 30 then
        select few.peer_mentor_ids, few.org_ids
        into v_people, v_orgs
        from badges_internal._recount_few_activities(v_changed) as few;
    else
        select array_agg(person.peer_mentor_id), array_agg(person.org_id)
        into v_people, v_orgs
        from (select distinct a.peer_mentor_id, a.org_id from old_activities as a) as person;
    end if;
    if v_people is null then
        return null;
    end if;
    select array_agg(distinct row(a.org_id, a.activity_type)::badges_internal.activity_kind)
    into v_kinds
    from old_activities as a;
    -- Without what made a sum fall, or failed in a sequence, a rule may have come true earlier.
    select array_agg(row(gone.peer_mentor_id, gone.org_id, gone.occurred_at)
        ::badges_internal.late_person)
    into v_late
    from (
        select a.peer_mentor_id, a.org_id, min(a.occurred_at) as occurred_at
        from old_activities as a
        group by a.peer_mentor_id, a.org_id
    ) as gone
    where exists (
        select
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = gone.peer_mentor_id
        and held.org_id = gone.org_id
        and (held.has_negative or held.value_last is not null)
    );
    perform badges_internal._recount_activities(v_people, v_orgs, v_kinds, null, null, v_late);
    return null;
end;
$$;

comment on function badges_internal._recount_deleted_activities() is
'Keeps the snapshot after activities were deleted, by any statement or cascade.';

create or replace trigger recount_deleted_activities
after delete on badges.activities
referencing old table as old_activities
for each statement execute function badges_internal._recount_deleted_activities();
