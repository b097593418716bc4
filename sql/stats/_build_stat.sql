-- Builds one stat of people of an organization, and tells what it reaches.
--
-- For stats without elements, days and rolling windows. Where a badge asks for nothing but one
-- count of the stat, and the person never had it, its moment is told too. What was measured ahead
-- is taken as it is where the base row's last writer (p_base_rows) is still the same. What stands
-- of the stat goes: a writer may have begun it (who gives no p_base_rows), or an earlier version
-- asked for it. The caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._build_stat(
    p_peer_mentor_ids uuid[],
    p_base_rows xid[],
    p_org_id text,
    p_stat text
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_version constant integer := (
        select organization.rule_set_version
        from badges.organizations as organization where organization.org_id = p_org_id
    );
    v_thresholds constant badges_internal.stat_thresholds
        := (badges_internal._stat_definition(p_org_id, p_stat)).thresholds;
    v_reached badges_internal.candidate[];
begin
    delete from badges.peer_mentor_stats as held
    where held.peer_mentor_id = any(p_peer_mentor_ids)
    and held.org_id = p_org_id
    and held.stat = p_stat
    and (p_base_rows is null or v_version <> (
        select change.first_version
        from badges_internal.stat_changes as change
        where change.org_id = p_org_id
        and change.stat = p_stat
    ));
    with known as materialized (
        select
            ahead.peer_mentor_id, ahead.org_id, ahead.bucket, ahead.activity_count, ahead.value_sum,
            ahead.value_max, ahead.has_negative, ahead.first_at, ahead.last_at, ahead.place,
            ahead.reached_at, ahead.reached_id
        from unnest(p_peer_mentor_ids, p_base_rows) as base (peer_mentor_id, base_row)
        cross join lateral (
            select own.* from badges_internal.measured_ahead as own
            where own.peer_mentor_id = base.peer_mentor_id
            and own.org_id = p_org_id
            and own.stat = p_stat
            offset 0 -- a lookup by key each, whatever statistics say
        ) as ahead
        where ahead.base_row = base.base_row
        and ahead.rule_set_version = v_version
    ),
    measured as materialized (
        select * from known where known.activity_count > 0
        union all
        select * from badges_internal._measured_parts(
            array(select unnest(p_peer_mentor_ids) except select known.peer_mentor_id from known),
            array[p_org_id], p_stat
        )
    ),
    written as (
        insert into badges.peer_mentor_stats (
            peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max,
            has_negative, first_at, last_at, next_count, next_sum, next_max
        )
        select
            measured.peer_mentor_id, p_org_id, p_stat, measured.bucket, measured.activity_count,
            measured.value_sum, measured.value_max, measured.has_negative, measured.first_at,
            measured.last_at, next.next_count, next.next_sum, next.next_max
        from measured
        cross join lateral badges_internal._next_thresholds(
            v_thresholds, p_org_id, p_stat,
            row(measured.activity_count, measured.value_sum, measured.value_max, 0, 0, 0, 0, 0)
                ::badges_internal.stat_values
        ) as next
    ),
    asked as materialized (
        select
            milestone.badge_definition_id, milestone.measure, milestone.threshold,
            case when milestone.measure = 'count' and milestone.parent is null and count(*) over (
                partition by milestone.badge_definition_id
            ) = 1 then ceil(milestone.threshold) end as place
        from badges_internal.milestones as milestone
        where (milestone.org_id, milestone.stat) = (p_org_id, p_stat)
    ),
    found as (
        select distinct on (measured.peer_mentor_id, asked.badge_definition_id)
            measured.peer_mentor_id, asked.badge_definition_id,
            case when measured.place = asked.place then measured.reached_at end as occurred_at,
            case when measured.place = asked.place then measured.reached_id end as activity_id
        from measured
        join asked on case asked.measure
            when 'count' then measured.activity_count >= asked.threshold
            when 'sum' then measured.value_sum >= asked.threshold or measured.has_negative
            when 'max' then measured.value_max >= asked.threshold
        end
        order by measured.peer_mentor_id, asked.badge_definition_id, occurred_at, activity_id desc
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
        offset 0
    ) as held;
    return v_reached;
end;
$$;

comment on function badges_internal._build_stat(uuid[], xid[], text, text) is
'Builds one stat of people of an organization, and tells what it reaches.';
