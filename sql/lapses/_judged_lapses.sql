-- Compares the awards of badges that lapse with what people hold at a moment: what must change.
--
-- Only what rules gave and no person took back changes; null = nothing. redated: held without a
-- break since another moment. interrupted: lapsed, and holds again since, which nobody had noticed.
-- unknown: what was before p_from has to be looked at. Other parameters: docs of _held_now.
create or replace function badges_internal._judged_lapses(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_badge_definition_ids text[],
    p_as_of timestamptz,
    p_from timestamptz
)
returns table (change badges_internal.lapse_change, next_at timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with held as materialized (
        select
            now.peer_mentor_id, now.org_id collate "C" as org_id,
            now.badge_definition_id collate "C" as badge_definition_id,
            now.tier collate "C" as tier, 1 as occurrence,
            now.held_since, now.ended_at, now.next_at,
            now.threshold, now.threshold_source, now.activity_id,
            coalesce(now.held_since < p_from, false) as is_held_before
        from badges_internal._held_now(
            p_peer_mentor_ids, p_org_ids, p_badge_definition_ids, p_as_of, p_from
        ) as now
    ),
    standing as (
        select earned.*
        from (
            select distinct given.*
            from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
        ) as person
        join badges.earned_badges as earned
            on earned.peer_mentor_id = person.peer_mentor_id
            and earned.org_id = person.org_id
        join badges.badge_definitions as definition
            on definition.badge_definition_id = earned.badge_definition_id
            and definition.on_unmet = 'lapse'
            and definition.is_active
        join badges.org_badge_configs as config
            on config.org_id = earned.org_id
            and config.badge_definition_id = earned.badge_definition_id
            and config.is_enabled
        join badges.organizations as organization
            on organization.org_id = earned.org_id
            and organization.is_active
        where p_badge_definition_ids is null
        or earned.badge_definition_id = any(p_badge_definition_ids)
    )
    select
        row(
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence,
            case
                when standing.source is null or standing.revoked_at is not null then case
                    when held.held_since is null or standing.revoked_by = 'person'
                        or standing.source not in ('rule', 'backfill', 'sweep') then null
                    when held.is_held_before then 'unknown'
                    when standing.source is null then 'awarded'
                    else 'restored'
                end
                when standing.source not in ('rule', 'backfill', 'sweep') then null
                when held.held_since = standing.earned_at
                    or held.is_held_before and standing.earned_at < p_from then null
                when held.ended_at > standing.earned_at then case
                    when held.held_since is null then 'lapsed'
                    else 'interrupted'
                end
                when standing.earned_at < p_from then 'unknown'
                when held.held_since is null then 'lapsed'
                when held.is_held_before then 'unknown'
                else 'redated'
            end,
            held.held_since,
            case when held.ended_at > standing.earned_at then held.ended_at end,
            held.activity_id, held.threshold, held.threshold_source
        )::badges_internal.lapse_change,
        held.next_at
    from held
    full join standing
        using (peer_mentor_id, org_id, badge_definition_id, tier, occurrence);
end;
$$;

comment on function badges_internal._judged_lapses(
    uuid[], text[], text[], timestamptz, timestamptz
) is
'Compares the awards of badges that lapse with what people hold at a moment: what must change.';
