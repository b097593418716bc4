-- Awards criteria_raw badges whose expression holds on the people's stats documents.
--
-- Nothing happens while the setting criteria_raw is off. An expression that fails is not met. Gives
-- the number of awards, those of badges that count them included.
--
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges_internal._apply_raw_rules(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_source text
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_awards badges_internal.dated_award[];
    v_granted badges_internal.candidate[];
begin
    if not exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and milestone.measure = 'raw'
    ) or not badges_internal._is_setting_on('criteria_raw') then
        return 0;
    end if;
    with waiting as (
        select
            person.peer_mentor_id, person.org_id, held.last_at, milestone.badge_definition_id,
            milestone.expression
        from (
            select distinct given.*
            from unnest(p_peer_mentor_ids, p_org_ids) as given (peer_mentor_id, org_id)
        ) as person
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = person.peer_mentor_id
            and held.org_id = person.org_id
            and held.stat = '*'
            and held.bucket = ''
        join badges_internal.milestones as milestone
            on milestone.org_id = person.org_id
            and milestone.measure = 'raw'
        where not exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = person.peer_mentor_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.org_id = person.org_id
            and earned.tier = ''
            and earned.occurrence = 1
        )
        and not exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = person.peer_mentor_id
            and denial.badge_definition_id = milestone.badge_definition_id
            and denial.org_id = person.org_id
        )
    ),
    -- One document a person, however many rules look at it.
    documents as materialized (
        select
            person.*,
            badges_internal._stats_document(person.peer_mentor_id, person.org_id) as document
        from (select distinct waiting.peer_mentor_id, waiting.org_id from waiting) as person
    )
    select array_agg(row(
        waiting.peer_mentor_id, waiting.org_id, waiting.badge_definition_id, '', 1,
        waiting.last_at, null, null, 'default'
    )::badges_internal.dated_award)
    into v_awards
    from waiting
    join documents using (peer_mentor_id, org_id)
    where badges_internal._raw_holds(waiting.expression, documents.document);
    if v_awards is null then
        return 0;
    end if;
    v_granted := badges_internal._grant_badges(v_awards, p_source);
    return coalesce(cardinality(v_granted), 0) + badges.apply_badge_rules(
        badges_internal._counting_badges(v_granted), p_source
    );
end;
$$;

comment on function badges_internal._apply_raw_rules(uuid[], text[], text) is
'Awards criteria_raw badges whose expression holds on the people''s stats documents.';
