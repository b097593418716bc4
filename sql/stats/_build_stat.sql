-- Builds one stat of people of an organization from their activities, and tells what it reaches.
--
-- For stats without elements, days and rolling windows. One pass: where a badge asks for nothing
-- but one count of the stat, and the person never had it, its moment is told too. p_is_fresh:
-- nothing of the stat stands. The caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._build_stat(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text,
    p_is_fresh boolean
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_thresholds constant badges_internal.stat_thresholds
        := (badges_internal._stat_definition(p_org_id, p_stat)).thresholds;
    v_reached badges_internal.candidate[];
begin
    if not p_is_fresh then
        delete from badges.peer_mentor_stats as held
        where held.peer_mentor_id = any(p_peer_mentor_ids)
        and held.org_id = p_org_id
        and held.stat = p_stat;
    end if;
    with placed as materialized (
        select *
        from badges_internal._placed_activities(p_peer_mentor_ids, p_org_id, p_stat)
    ),
    folded as materialized (
        select
            placed.peer_mentor_id, placed.bucket, count(*) as activity_count,
            coalesce(sum(placed.measured), 0) as value_sum, max(placed.measured) as value_max,
            coalesce(min(placed.measured) < 0, false) as has_negative,
            min(placed.occurred_at) as first_at, max(placed.occurred_at) as last_at
        from placed
        group by placed.peer_mentor_id, placed.bucket
    ),
    written as (
        insert into badges.peer_mentor_stats (
            peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max,
            has_negative, first_at, last_at, next_count, next_sum, next_max
        )
        select
            folded.peer_mentor_id, p_org_id, p_stat, folded.bucket, folded.activity_count,
            folded.value_sum, folded.value_max, folded.has_negative, folded.first_at,
            folded.last_at, next.next_count, next.next_sum, next.next_max
        from folded
        cross join lateral badges_internal._next_thresholds(
            v_thresholds, p_org_id, p_stat,
            row(folded.activity_count, folded.value_sum, folded.value_max, 0, 0, 0, 0, 0)
                ::badges_internal.stat_values
        ) as next
    ),
    asked as materialized (
        select
            milestone.badge_definition_id, milestone.measure, milestone.threshold,
            milestone.measure = 'count' and count(*) over (
                partition by milestone.badge_definition_id
            ) = 1 and milestone.parent is null as is_alone
        from badges_internal.milestones as milestone
        where milestone.org_id = p_org_id
        and milestone.stat = p_stat
    ),
    found as (
        (
            select distinct on (placed.peer_mentor_id, asked.badge_definition_id)
                placed.peer_mentor_id, asked.badge_definition_id, placed.occurred_at,
                placed.activity_id
            from placed
            join asked on asked.is_alone and ceil(asked.threshold)::bigint = placed.place
            order by
                placed.peer_mentor_id, asked.badge_definition_id, placed.occurred_at,
                placed.activity_id desc
        )
        union all
        select distinct folded.peer_mentor_id, asked.badge_definition_id, null::timestamptz,
            null::bigint
        from folded
        join asked
            on not asked.is_alone
            and case asked.measure
                when 'count' then folded.activity_count >= asked.threshold
                when 'sum' then folded.value_sum >= asked.threshold or folded.has_negative
                when 'max' then folded.value_max >= asked.threshold
            end
    )
    select array_agg(row(
        found.peer_mentor_id, p_org_id, found.badge_definition_id,
        case when held.is_new then found.occurred_at end,
        case when held.is_new then found.activity_id end
    )::badges_internal.candidate)
    into v_reached
    from found
    cross join lateral (
        select not exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = found.peer_mentor_id
            and earned.badge_definition_id = found.badge_definition_id
            and earned.org_id = p_org_id
        ) as is_new
    ) as held;
    return v_reached;
end;
$$;

comment on function badges_internal._build_stat(uuid[], text, text, boolean) is
'Builds one stat of people of an organization from their activities, and tells what it reaches.';
