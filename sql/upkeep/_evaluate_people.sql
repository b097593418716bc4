-- Decides what people have and when, after anything that may have changed it: the one order.
--
-- Triggers, backfill, sweep, evaluate_badges and decisions by hand all end here. What falls due
-- joins the candidates; what holds no longer goes before anything can count it; then come the
-- awards, the dates that moved back, what lapses, and raw rules, which see all of it: what lapses
-- may count what they award.
--
-- p_candidates: badges that may have come true. p_late: whose awards may be dated too late, and
-- from when on. p_fallen_people, p_fallen_orgs: for whom a rule may hold no longer. p_as_of: a
-- sweep's moment, null = only the people's own activities tell the time. p_late_activities: late
-- ones, whose people need not be in p_late. p_lapses_as_of: the moment for badges that lapse alone,
-- a backfill's. p_since: nothing new or changed lies before it. The caller holds the base rows.
-- Gives the number of awards. No plan reads a whole table: made while it was empty, one would
-- stay for all people of an apply.
--
-- Writes: badges_internal.due_people, badges.earned_badges, badges.award_events.
create or replace function badges_internal._evaluate_people(
    p_peer_mentor_ids uuid[],
    p_org_ids text[],
    p_candidates badges_internal.candidate[],
    p_late badges_internal.late_person[],
    p_fallen_people uuid[],
    p_fallen_orgs text[],
    p_source text,
    p_as_of timestamptz default null,
    p_late_activities badges_internal.late_activity[] default null,
    p_lapses_as_of timestamptz default null,
    p_since timestamptz default '-infinity'
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_due constant record := badges_internal._pass_due_dates(
        p_peer_mentor_ids, p_org_ids, p_as_of
    );
    v_candidates constant badges_internal.candidate[] := p_candidates || v_due.candidates
        || badges_internal._falling_badges(p_late || (
            select array_agg(row(late.peer_mentor_id, late.org_id, late.occurred_at)
                ::badges_internal.late_person)
            from unnest(p_late_activities) as late
        ) || (
            select array_agg(row(fallen.peer_mentor_id, fallen.org_id, null)
                ::badges_internal.late_person)
            from unnest(p_fallen_people, p_fallen_orgs) as fallen (peer_mentor_id, org_id)
        ), p_peer_mentor_ids, p_org_ids);
    v_people uuid[] := p_peer_mentor_ids; -- whose badges may lapse, or hold by what is awarded
    v_orgs text[] := p_org_ids;
    v_since timestamptz := p_since;
    v_awarded bigint := 0;
    v_raw bigint; -- awards of raw rules
begin
    if v_candidates <> '{}' and exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id in (select given.org_id from unnest(v_candidates) as given)
        and milestone.measure = 'lapse'
    ) and exists (
        select
        from unnest(v_candidates) as candidate
        where not exists (
            select
            from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
            where person.peer_mentor_id = candidate.peer_mentor_id
            and person.org_id = candidate.org_id
        )
    ) then
        select array_agg(person.peer_mentor_id), array_agg(person.org_id)
        into v_people, v_orgs
        from (
            select given.peer_mentor_id, given.org_id from unnest(v_candidates) as given
            union
            select * from unnest(p_peer_mentor_ids, p_org_ids)
        ) as person;
        v_since := '-infinity';
    end if;
    if p_fallen_people is not null then
        perform badges_internal._settle_revocable(p_fallen_people, p_fallen_orgs, p_source);
    end if;
    if v_candidates <> '{}' then
        v_awarded := badges.apply_badge_rules(v_candidates, p_source);
    end if;
    if v_due.again is not null then
        perform badges_internal._redate_badges(v_due.again, null, p_source);
        v_since := '-infinity';
    end if;
    if p_late is not null then
        perform badges_internal._redate_badges((
            select array_agg(distinct row(
                earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, null, null
            )::badges_internal.candidate)
            from unnest(p_late) as late
            join badges.earned_badges as earned
                on earned.peer_mentor_id = late.peer_mentor_id
                and earned.org_id = late.org_id
                and earned.earned_at > late.occurred_at
                and earned.revoked_at is null
                and earned.source in ('rule', 'backfill', 'sweep')
        ), null, p_source);
    end if;
    if p_late_activities is not null then
        perform badges_internal._redate_late(p_late_activities, false);
    end if;
    v_awarded := v_awarded + badges_internal._settle_lapses(
        v_people, v_orgs, p_source, coalesce(p_as_of, p_lapses_as_of), v_since
    );
    v_raw := badges_internal._apply_raw_rules(p_peer_mentor_ids, p_org_ids, p_source);
    if v_raw > 0 then
        v_awarded := v_awarded + v_raw + badges_internal._settle_lapses(
            p_peer_mentor_ids, p_org_ids, p_source, coalesce(p_as_of, p_lapses_as_of), '-infinity'
        );
    end if;
    return v_awarded;
end;
$$;

comment on function badges_internal._evaluate_people(
    uuid[], text[], badges_internal.candidate[], badges_internal.late_person[], uuid[], text[],
    text, timestamptz, badges_internal.late_activity[], timestamptz, timestamptz
) is
'Decides what people have and when, after anything that may have changed it: the one order.';
