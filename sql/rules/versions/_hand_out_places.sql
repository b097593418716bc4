-- Hands out the places that a backfill's people claim, by (earned_at, peer_mentor_id).
--
-- Runs when everybody was looked at. Each claim is decided again under the person's lock, and what
-- counts badges follows. p_as_of: the moment for badges that lapse, as backfill_rule_set has it.
-- Gives the number of awards.
--
-- Locks:  base rows in key order, then badges_internal.badge_places.
-- Writes: badges_internal.place_claims, badge_places, due_people, badges.earned_badges,
--         badges.award_events.
create or replace function badges_internal._hand_out_places(
    p_rule_set text,
    p_as_of timestamptz
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_people uuid[];
    v_orgs text[];
    v_badges text[];
    v_granted badges_internal.candidate[];
    v_awarded bigint := 0;
begin
    loop
        delete from badges_internal.place_claims as claim
        using badges.organizations as organization
        where organization.org_id = claim.org_id
        and organization.rule_set = p_rule_set
        and not exists (
            select
            from badges_internal.badge_places as place
            where place.org_id = claim.org_id
            and place.badge_definition_id = claim.badge_definition_id
            and place.tier = claim.tier
            and place.claimed < place.places
        );
        select
            array_agg(ranked.peer_mentor_id), array_agg(ranked.org_id),
            array_agg(ranked.badge_definition_id)
        into v_people, v_orgs, v_badges
        from (
            select
                claim.*,
                place.places - place.claimed as free_places,
                row_number() over (
                    partition by claim.org_id, claim.badge_definition_id, claim.tier
                    order by claim.earned_at, claim.peer_mentor_id
                ) as number,
                kind.is_counting,
                bool_and(kind.is_counting) over () as is_last
            from badges_internal.place_claims as claim
            cross join lateral (
                select exists (
                    select
                    from badges_internal.milestones as milestone
                    where milestone.org_id = claim.org_id
                    and milestone.badge_definition_id = claim.badge_definition_id
                    and milestone.measure = 'badges'
                ) as is_counting
            ) as kind
            join badges.organizations as organization
                on organization.org_id = claim.org_id
                and organization.rule_set = p_rule_set
            join badges_internal.badge_places as place
                on place.org_id = claim.org_id
                and place.badge_definition_id = claim.badge_definition_id
                and place.tier = claim.tier
        ) as ranked
        where ranked.number <= ranked.free_places
        -- Badges that count badges wait until those have their places.
        and ranked.is_counting = ranked.is_last;
        exit when v_people is null;
        perform badges_internal._lock_people(v_people, v_orgs);
        v_granted := badges_internal._grant_badges(
            badges_internal._evaluate_badges(
                array(
                    select row(claim.peer_mentor_id, claim.org_id, claim.badge_definition_id,
                        null, null)::badges_internal.candidate
                    from unnest(v_people, v_orgs, v_badges)
                        as claim (peer_mentor_id, org_id, badge_definition_id)
                ),
                false
            ),
            'backfill',
            true
        );
        v_awarded := v_awarded + coalesce(cardinality(v_granted), 0)
            + badges.apply_badge_rules(
                badges_internal._counting_badges(v_granted), 'backfill'
            );
        perform badges_internal._redate_badges(badges_internal._counting_badges(v_granted));
        v_awarded := v_awarded + badges_internal._settle_lapses(
            v_people, v_orgs, 'backfill', p_as_of, '-infinity'
        );
        perform badges_internal._forget_strangers(v_people, v_orgs);
        delete from badges_internal.place_claims as claim
        using unnest(v_people, v_orgs, v_badges)
            as decided (peer_mentor_id, org_id, badge_definition_id)
        where claim.peer_mentor_id = decided.peer_mentor_id
        and claim.org_id = decided.org_id
        and claim.badge_definition_id = decided.badge_definition_id;
    end loop;
    return v_awarded;
end;
$$;

comment on function badges_internal._hand_out_places(text, timestamptz) is
'Hands out the places that a backfill''s people claim, by (earned_at, peer_mentor_id).';
