-- Lists the tenures that rules ask of people who began: when each falls due.
--
-- Due when the local day begins that comes so long after the first one (_first_day).
create or replace function badges_internal._tenures(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_badge_definition_ids text[] -- null = every badge
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    node integer,
    occurrence integer,
    due_at timestamptz
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and milestone.measure = 'tenure'
    ) then
        return;
    end if;
    return query
    with begun as materialized (
        select
            asked.peer_mentor_id, asked.org_id, asked.stat,
            badges_internal._first_day(asked.peer_mentor_id, asked.org_id, asked.stat) as first_day
        from (
            select distinct person.peer_mentor_id, person.org_id, milestone.stat
            from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
            join badges_internal.milestones as milestone
                on milestone.org_id = person.org_id
                and milestone.measure = 'tenure'
                and (
                    p_badge_definition_ids is null
                    or milestone.badge_definition_id = any(p_badge_definition_ids)
                )
        ) as asked
    )
    select
        begun.peer_mentor_id, begun.org_id, milestone.badge_definition_id, milestone.node,
        milestone.occurrence,
        badges_internal._day_begins(
            (begun.first_day + milestone.duration)::date, organization.time_zone,
            organization.day_starts
        )
    from begun
    join badges.organizations as organization on organization.org_id = begun.org_id
    join badges_internal.milestones as milestone
        on milestone.org_id = begun.org_id
        and milestone.stat = begun.stat
        and milestone.measure = 'tenure'
        and (
            p_badge_definition_ids is null
            or milestone.badge_definition_id = any(p_badge_definition_ids)
        )
    where begun.first_day is not null;
end;
$$;

comment on function badges_internal._tenures(uuid[], text[], text[]) is
'Lists the tenures that rules ask of people who began: when each falls due.';
