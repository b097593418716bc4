-- Keeps the snapshot after activities were changed or moved to another person.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.earned_badges,
--         badges.award_events.
-- Raises: 22023 for a moment over a day ahead, 23503 for an unknown organization.
create or replace function badges_internal._recount_updated_activities()
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
    v_new_people uuid[];
    v_new_orgs text[];
    v_kinds badges_internal.activity_kind[];
    v_late badges_internal.late_person[];
    v_last timestamptz;
    v_changed badges_internal.changed_activity[];
    v_left_people uuid[];
    v_left_orgs text[];
begin
    perform badges_internal._hold_rules();
    select array_agg(row(
        a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at, a.quantity,
        a.attributes, a.is_new
    )::badges_internal.changed_activity)
    into v_changed
    from (
        select old_activities.*, false as is_new
        from old_activities
        union all
        select new_activities.*, true
        from new_activities
    ) as a
    where not exists (select from new_activities offset 30)
    and not exists (
        select
        from new_activities as future
        where future.occurred_at > now() + interval '24 hours'
    );
    if v_changed is not null then
        select few.peer_mentor_ids, few.org_ids
        into v_left_people, v_left_orgs
        from badges_internal._recount_few_activities(v_changed) as few;
        if v_left_people is null then
            return null;
        end if;
    end if;
    with removed as (
        select peer_mentor_id, org_id, activity_type, activity_date, occurred_at, quantity,
            attributes
        from old_activities
        except all
        select peer_mentor_id, org_id, activity_type, activity_date, occurred_at, quantity,
            attributes
        from new_activities
    ),
    added as (
        select peer_mentor_id, org_id, activity_type, activity_date, occurred_at, quantity,
            attributes
        from new_activities
        except all
        select peer_mentor_id, org_id, activity_type, activity_date, occurred_at, quantity,
            attributes
        from old_activities
    ),
    changed as (
        select true as is_new, added.* from added
        union all
        select false, removed.* from removed
    ),
    people as (
        select
            peer_mentor_id, org_id, bool_or(is_new) as is_new,
            min(occurred_at) as occurred_at
        from changed
        where v_changed is null
        or (peer_mentor_id, org_id) in (
            select left_over.peer_mentor_id, left_over.org_id
            from unnest(v_left_people, v_left_orgs) as left_over (peer_mentor_id, org_id)
        )
        group by peer_mentor_id, org_id
    )
    select
        array_agg(peer_mentor_id),
        array_agg(org_id),
        array_agg(peer_mentor_id) filter (where is_new),
        array_agg(org_id) filter (where is_new),
        array_agg(row(peer_mentor_id, org_id, occurred_at)::badges_internal.late_person),
        (select array_agg(distinct row(org_id, activity_type)::badges_internal.activity_kind)
         from changed),
        (select max(occurred_at) from added)
    into v_people, v_orgs, v_new_people, v_new_orgs, v_late, v_kinds, v_last
    from people;
    if v_people is null then
        return null;
    end if;
    perform badges_internal._refuse_activity(v_last, null);
    perform badges_internal._recount_activities(
        v_people, v_orgs, v_kinds, v_new_people, v_new_orgs, v_late
    );
    return null;
end;
$$;

comment on function badges_internal._recount_updated_activities() is
'Keeps the snapshot after activities were changed or moved to another person.';

create or replace trigger recount_updated_activities
after update on badges.activities
referencing old table as old_activities new table as new_activities
for each statement execute function badges_internal._recount_updated_activities();
