-- Compares the awards of badges that lapse with what people hold at a moment; notes what is next.
--
-- p_as_of, p_badge_definition_ids: as _held_now. Only what rules gave and no person took back. An
-- award that was held without a break since another moment is redated; interrupted is one that
-- lapsed and holds again since, which nobody had noticed. The caller holds the base rows.
--
-- Writes: badges_internal.due_people.
create or replace function badges_internal._lapse_changes(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_badge_definition_ids text[],
    p_as_of timestamptz
)
returns badges_internal.lapse_change[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes badges_internal.lapse_change[];
begin
    with held as materialized (
        select
            now.peer_mentor_id, now.org_id collate "C" as org_id,
            now.badge_definition_id collate "C" as badge_definition_id,
            now.tier collate "C" as tier, 1 as occurrence,
            now.held_since, now.ended_at, now.next_at,
            now.threshold, now.threshold_source, now.activity_id
        from badges_internal._held_now(
            p_peer_mentor_ids, p_org_ids, p_badge_definition_ids, p_as_of
        ) as now
    ),
    noted as (
        insert into badges_internal.due_people as due (
            peer_mentor_id, org_id, next_due_at, seen_until
        )
        select held.peer_mentor_id, held.org_id, min(held.next_at), p_as_of
        from held
        where held.next_at is not null
        or p_as_of is not null
        group by held.peer_mentor_id, held.org_id
        order by held.peer_mentor_id, held.org_id
        on conflict (peer_mentor_id, org_id) do update set
            next_due_at = least(due.next_due_at, excluded.next_due_at),
            -- What was judged as of this moment is not judged as of an earlier one again.
            seen_until = greatest(due.seen_until, excluded.seen_until)
        where row(due.next_due_at, due.seen_until) is distinct from row(
            least(due.next_due_at, excluded.next_due_at),
            greatest(due.seen_until, excluded.seen_until)
        )
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
    ),
    judged as (
        select
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, held.held_since,
            case when held.ended_at > standing.earned_at then held.ended_at end as ended_at,
            held.activity_id, held.threshold, held.threshold_source,
            case
                when standing.source is null then case
                    when held.held_since is not null then 'awarded'
                end
                when standing.source not in ('rule', 'backfill', 'sweep')
                    or standing.revoked_by = 'person' then null
                when standing.revoked_at is not null then case
                    when held.held_since is not null then 'restored'
                end
                when held.held_since is null then 'lapsed'
                when held.ended_at > standing.earned_at then 'interrupted'
                when held.held_since <> standing.earned_at then 'redated'
            end as change
        from held
        full join standing
            using (peer_mentor_id, org_id, badge_definition_id, tier, occurrence)
    )
    select array_agg(row(
        judged.peer_mentor_id, judged.org_id, judged.badge_definition_id, judged.tier,
        judged.occurrence, judged.change, judged.held_since, judged.ended_at, judged.activity_id,
        judged.threshold, judged.threshold_source
    )::badges_internal.lapse_change)
    into v_changes
    from judged
    where judged.change is not null
    and (judged.change not in ('awarded', 'restored') or not exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = judged.peer_mentor_id
        and denial.badge_definition_id = judged.badge_definition_id
        and denial.org_id = judged.org_id
        and denial.tier in ('', judged.tier)
    ));
    return v_changes;
end;
$$;

comment on function badges_internal._lapse_changes(uuid[], text[], text[], timestamptz) is
'Compares the awards of badges that lapse with what people hold at a moment; notes what is next.';
