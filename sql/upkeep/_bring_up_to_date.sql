-- Builds what the current rule set asks of people whose base row is of another version.
--
-- p_is_counted false: the present statement's activities are not in the stats yet, so all is
-- rebuilt; so it is where the time zone has changed, after the days are rewritten. Else only stats
-- of which other numbers are asked since a person's version are looked at. The caller holds the
-- base rows. Gives the badges to evaluate.
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
    v_rezoned_people uuid[];
    v_rezoned_orgs text[];
    v_new_stats text[]; -- not built yet for somebody here
    v_other_stats text[]; -- built, but other numbers are asked
    v_gone_stats text[];
    v_due badges_internal.candidate[];
    v_reached badges_internal.candidate[];
begin
    select rezoned.peer_mentor_ids, rezoned.org_ids
    into v_rezoned_people, v_rezoned_orgs
    from badges_internal._rewrite_days(p_peer_mentor_ids, p_org_ids) as rezoned;

    select
        coalesce(array_agg(distinct change.stat) filter (where kind.is_new), '{}'),
        coalesce(array_agg(distinct change.stat) filter (where not kind.is_new), '{}'),
        array_agg(distinct change.stat) filter (where kind.is_gone)
    into v_new_stats, v_other_stats, v_gone_stats
    from (
        select held.org_id, min(held.rule_set_version) as version
        from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = person.peer_mentor_id
            and held.org_id = person.org_id
            and held.stat = '*'
            and held.bucket = ''
        group by held.org_id
    ) as oldest
    join badges_internal.stat_changes as change
        on change.org_id = oldest.org_id
        and change.version > oldest.version
    left join badges_internal.stat_definitions as defined
        on defined.org_id = change.org_id
        and defined.stat = change.stat
    cross join lateral (
        select
            change.stat >= '~' and coalesce(defined.since_version > oldest.version, false)
                as is_new,
            change.stat >= '~' and defined.stat is null as is_gone
    ) as kind
    where p_is_counted;

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
        -- What a badge counts that lists no badges may change with any badge's category.
        and (
            milestone.since_version > held.rule_set_version
            or milestone.measure = 'badges'
                and milestone.badge_ids is null
                and held.rule_set_version <> organization.rule_set_version
        )
        -- What is built anew tells itself what it reaches.
        and (
            milestone.measure in ('tenure', 'badges', 'raw')
            or p_is_counted and milestone.stat <> all(v_new_stats)
        );

    if v_gone_stats is not null then
        perform badges_internal._forget_stats(p_peer_mentor_ids, p_org_ids, v_gone_stats);
    end if;

    if not p_is_counted then
        v_reached := badges_internal._rebuild_people(p_peer_mentor_ids, p_org_ids, null);
    elsif v_new_stats <> '{}' then
        v_reached := badges_internal._rebuild_people(p_peer_mentor_ids, p_org_ids, v_new_stats);
    end if;
    if p_is_counted and v_rezoned_people is not null then
        v_reached := v_reached
            || badges_internal._rebuild_people(v_rezoned_people, v_rezoned_orgs, null);
    end if;

    if v_other_stats <> '{}' then
        perform badges_internal._set_next_thresholds(
            p_peer_mentor_ids, p_org_ids, v_other_stats
        );
    end if;
    update badges.peer_mentor_stats as held
    set rule_set_version = organization.rule_set_version
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.organizations as organization
        on organization.org_id = person.org_id
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = '*'
    and held.bucket = ''
    and held.rule_set_version <> organization.rule_set_version;
    return v_due || v_reached;
end;
$$;

comment on function badges_internal._bring_up_to_date(uuid[], text[], boolean) is
'Builds what the current rule set asks of people whose base row is of another version.';
