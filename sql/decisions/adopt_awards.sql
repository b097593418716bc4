-- Takes over awards that were given before or elsewhere, with their own dates and without a word.
--
-- The arrays have an element an award; p_tiers: null = '', p_occurrences: null = 1. Of several with
-- one key the earliest is taken. What somebody has already stays as it is, also when revoked.
-- Badges that count badges follow, with source backfill; places that they claim are handed out by
-- backfill_rule_set. All or nothing. Gives {"adopted", "held", "denied", "repeated", "followed"}.
--
-- Locks:  base rows in key order.
-- Writes: badges.earned_badges (source import), badges.award_events.
-- Raises: 22023 with the index of a bad element.
create or replace function badges.adopt_awards(
    p_peer_mentor_ids uuid[],
    p_badge_definition_ids text[],
    p_org_ids text[],
    p_earned_at timestamptz[],
    p_tiers text[] default null,
    p_occurrences integer[] default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_given badges_internal.dated_award[];
    v_awards badges_internal.dated_award[];
    v_number constant integer := cardinality(p_peer_mentor_ids);
    v_problem text := case
        when v_number = cardinality(p_badge_definition_ids)
            and v_number = cardinality(p_org_ids)
            and v_number = cardinality(p_earned_at)
            and v_number = coalesce(cardinality(p_tiers), v_number)
            and v_number = coalesce(cardinality(p_occurrences), v_number)
            then case when v_number > 100000 then 'more than 100000 awards at once' end
        else 'the arrays must have one length'
    end;
    v_written badges_internal.candidate[];
    v_counting badges_internal.candidate[];
    v_denied bigint;
    v_followed bigint := 0;
begin
    perform badges_internal._hold_rules();
    if v_problem is null then
        select array_agg(row(
            given.peer_mentor_id, given.org_id, given.badge_definition_id,
            coalesce(given.tier, ''), coalesce(given.occurrence, 1), given.earned_at, null, null,
            null
        )::badges_internal.dated_award order by given.position)
        into v_given
        from rows from (
            unnest(p_peer_mentor_ids), unnest(p_badge_definition_ids), unnest(p_org_ids),
            unnest(p_earned_at), unnest(p_tiers), unnest(p_occurrences)
        ) with ordinality as given (
            peer_mentor_id, badge_definition_id, org_id, earned_at, tier, occurrence, position
        );
        v_problem := badges_internal._find_bad_award(v_given);
    end if;
    if v_problem is not null then
        raise exception '%', v_problem
        using
            errcode = '22023',
            hint = 'Nothing was taken over. Each array has an element an award: person, badge, '
                'organization and the moment it was earned.';
    end if;
    select array_agg(earliest.award)
    into v_awards
    from (
        select distinct on (
            award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
            award.occurrence
        )
            award
        from unnest(v_given) as award
        order by
            award.peer_mentor_id, award.badge_definition_id, award.org_id, award.tier,
            award.occurrence, award.earned_at
    ) as earliest;
    perform badges_internal._lock_people(p_peer_mentor_ids, p_org_ids);
    v_written := badges_internal._write_adopted(v_awards);
    v_counting := badges_internal._counting_badges(v_written);
    -- What lapses is judged at the moment of the last award.
    if v_counting is not null or v_written is not null and exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and milestone.measure = 'lapse'
    ) then
        v_followed := badges_internal._evaluate_people(
            p_peer_mentor_ids, p_org_ids, v_counting, null, null, null, 'backfill'
        );
    end if;
    -- What was held before may count more badges, and so have come true earlier.
    perform badges_internal._redate_badges(null, v_written);
    select count(*)
    into v_denied
    from unnest(v_awards) as award
    where exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = award.peer_mentor_id
        and denial.badge_definition_id = award.badge_definition_id
        and denial.org_id = award.org_id
        and denial.tier in ('', award.tier)
    )
    and not exists (
        select
        from badges.earned_badges as earned
        where earned.peer_mentor_id = award.peer_mentor_id
        and earned.badge_definition_id = award.badge_definition_id
        and earned.org_id = award.org_id
        and earned.tier = award.tier
        and earned.occurrence = award.occurrence
    );
    return jsonb_build_object(
        'adopted', coalesce(cardinality(v_written), 0),
        'held', coalesce(cardinality(v_awards), 0) - coalesce(cardinality(v_written), 0)
            - v_denied,
        'denied', v_denied,
        'repeated', coalesce(cardinality(v_given), 0) - coalesce(cardinality(v_awards), 0),
        'followed', v_followed
    );
end;
$$;

comment on function badges.adopt_awards(
    uuid[], text[], text[], timestamptz[], text[], integer[]
) is
'Takes over awards that were given before or elsewhere, with their own dates and without a word.';
