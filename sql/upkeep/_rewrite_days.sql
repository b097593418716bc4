-- Rewrites the local days of people whose organization changes its time zone or start of the day.
--
-- Days that were not the organization's before were given by the writer and stay, and so do those
-- of activities that came after the change. The base row's version -1 tells the trigger of this
-- very update that the person is rebuilt afterwards. The caller holds the base rows. Gives the
-- people concerned.
--
-- Writes: badges.activities, badges.peer_mentor_stats.
create or replace function badges_internal._rewrite_days(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    out peer_mentor_ids uuid[],
    out org_ids text[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select
        from badges.organizations as organization
        where organization.org_id = any(p_org_ids)
        and organization.previous_time_zone is not null
    ) then
        return;
    end if;
    with marked as (
        update badges.peer_mentor_stats as held
        set rule_set_version = -1
        from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
        join badges.organizations as organization
            on organization.org_id = person.org_id
            and organization.previous_time_zone is not null
        where held.peer_mentor_id = person.peer_mentor_id
        and held.org_id = person.org_id
        and held.stat = '*'
        and held.bucket = ''
        and held.rule_set_version < organization.rule_set_version
        returning held.peer_mentor_id, held.org_id
    )
    select array_agg(marked.peer_mentor_id), array_agg(marked.org_id)
    into peer_mentor_ids, org_ids
    from marked;
    update badges.activities as activity
    set activity_date = badges_internal._day_of(
        activity.occurred_at, organization.time_zone, organization.day_starts
    )
    from unnest(peer_mentor_ids, org_ids) as person (peer_mentor_id, org_id)
    join badges.organizations as organization on organization.org_id = person.org_id
    where activity.peer_mentor_id = person.peer_mentor_id
    and activity.org_id = person.org_id
    and activity.activity_id <= coalesce(organization.previous_activity_id, activity.activity_id)
    and activity.activity_date = badges_internal._day_of(
        activity.occurred_at, organization.previous_time_zone,
        coalesce(organization.previous_day_starts, '00:00')
    )
    and activity.activity_date <> badges_internal._day_of(
        activity.occurred_at, organization.time_zone, organization.day_starts
    );
end;
$$;

comment on function badges_internal._rewrite_days(uuid[], text[]) is
'Rewrites the local days of people whose organization changes its time zone or start of the day.';
