-- Builds what the current rule set asks of people whose base row is of another version.
--
-- p_is_counted false: the present statement's activities are not in the stats yet, so all is
-- rebuilt; so it is where the time zone has changed, after the days are rewritten. The caller holds
-- the base rows. Gives the badges to evaluate.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.activities (days).
create or replace function badges_internal._bring_up_to_date(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_is_counted boolean
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_stats text[];
    v_rezoned_people uuid[];
    v_rezoned_orgs text[];
    v_due badges_internal.candidate[];
    v_reached badges_internal.candidate[];
begin
    select rezoned.peer_mentor_ids, rezoned.org_ids
    into v_rezoned_people, v_rezoned_orgs
    from badges_internal._rewrite_days(p_peer_mentor_ids, p_org_ids) as rezoned;
    -- The stats that are new to somebody here.
    select coalesce(array_agg(distinct defined.stat), '{}')
    into v_stats
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.peer_mentor_stats as held
        on held.peer_mentor_id = person.peer_mentor_id
        and held.org_id = person.org_id
        and held.stat = '*'
        and held.bucket = ''
    join badges_internal.stat_definitions as defined
        on defined.org_id = person.org_id
        and defined.since_version > held.rule_set_version
        and defined.stat >= '~';

    select array_agg(distinct row(
        person.peer_mentor_id, person.org_id, milestone.badge_definition_id, null, null
    )::badges_internal.candidate)
    into v_due
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.peer_mentor_stats as held
        on held.peer_mentor_id = person.peer_mentor_id
        and held.org_id = person.org_id
        and held.stat = '*'
        and held.bucket = ''
    join badges.organizations as organization on organization.org_id = person.org_id
    join badges_internal.milestones as milestone
        on milestone.org_id = person.org_id
        -- What a counting badge counts may change with any badge.
        and (
            milestone.since_version > held.rule_set_version
            or milestone.measure = 'badges'
                and held.rule_set_version <> organization.rule_set_version
        );

    delete from badges_internal.stat_elements as element
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where element.peer_mentor_id = person.peer_mentor_id
    and element.org_id = person.org_id
    and not exists (
        select
        from badges_internal.stat_definitions as defined
        where defined.org_id = element.org_id
        and defined.stat = element.stat
    );
    delete from badges.peer_mentor_stats as held
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat >= '~'
    and not exists (
        select
        from badges_internal.stat_definitions as defined
        where defined.org_id = held.org_id
        and defined.stat = held.stat
    );

    if not p_is_counted then
        v_reached := badges_internal._rebuild_people(p_peer_mentor_ids, p_org_ids, null);
    elsif v_stats <> '{}' then
        v_reached := badges_internal._rebuild_people(p_peer_mentor_ids, p_org_ids, v_stats);
    end if;
    if p_is_counted and v_rezoned_people is not null then
        v_reached := v_reached
            || badges_internal._rebuild_people(v_rezoned_people, v_rezoned_orgs, null);
    end if;

    update badges.peer_mentor_stats as held
    set
        rule_set_version = case
            when held.stat = '*' then organization.rule_set_version
        end,
        next_count = next.next_count,
        next_sum = next.next_sum,
        next_max = next.next_max,
        next_active_days = next.next_active_days,
        next_distinct = next.next_distinct,
        next_day_run = next.next_day_run,
        next_week_run = next.next_week_run,
        next_month_run = next.next_month_run
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.organizations as organization
        on organization.org_id = person.org_id
    join badges.peer_mentor_stats as own
        on own.peer_mentor_id = person.peer_mentor_id
        and own.org_id = person.org_id
    left join badges_internal.stat_definitions as defined
        on defined.org_id = own.org_id
        and defined.stat = own.stat
    cross join lateral badges_internal._next_thresholds(
        defined.thresholds, own.org_id, own.stat,
        row(own.activity_count, own.value_sum, own.value_max, own.active_days,
            own.distinct_count, own.longest_day_run, own.longest_week_run,
            own.longest_month_run)::badges_internal.stat_values
    ) as next
    where held.peer_mentor_id = own.peer_mentor_id
    and held.org_id = own.org_id
    and held.stat = own.stat
    and held.bucket = own.bucket;
    return v_due || v_reached;
end;
$$;

comment on function badges_internal._bring_up_to_date(uuid[], text[], boolean) is
'Builds what the current rule set asks of people whose base row is of another version.';
