-- Decides and awards the badges that may have come true, until nothing new follows.
--
-- Triggers, the backfill and evaluate_badges call it with the badges in reach: a row a person,
-- organization and badge. A badge held can satisfy another badge's rule, so badges that count
-- badges are tried again after each award. What a rule took back is given back if it holds again.
-- Gives the number of awards written.
--
-- p_source: rule, backfill or sweep. The caller holds the people's base rows.
--
-- Locks:  badges.earned_badges rows, in key order.
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges.apply_badge_rules(
    p_candidates badges_internal.candidate[],
    p_source text default 'rule'
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_candidates badges_internal.candidate[];
    v_counting badges_internal.candidate[]; -- badges that count badges: after the others
    v_awards badges_internal.dated_award[];
    v_granted badges_internal.candidate[];
    v_granted_count bigint := 0;
    v_again badges_internal.candidate[]; -- held, and dated later than they came true
    v_held badges_internal.candidate[]; -- awarded with what brings them here
    v_revoked badges_internal.candidate[]; -- to be settled: taken back by a rule, or with none_of
begin
    select
        array_agg(placed.candidate) filter (where not placed.is_counting),
        array_agg(placed.candidate) filter (where placed.is_counting),
        array_agg(placed.undated) filter (where placed.is_revoked),
        array_agg(placed.undated) filter (where placed.is_held_later),
        array_agg(placed.undated) filter (where placed.is_held_since)
    into v_candidates, v_counting, v_revoked, v_again, v_held
    from (
        select
            candidate,
            exists (
                select
                from badges_internal.milestones as milestone
                where milestone.org_id = candidate.org_id
                and milestone.badge_definition_id = candidate.badge_definition_id
                and milestone.measure = 'badges'
            ) as is_counting,
            -- The moment is that of what is new: what is held is dated by its own.
            row(
                candidate.peer_mentor_id, candidate.org_id, candidate.badge_definition_id, null,
                null
            )::badges_internal.candidate as undated,
            known.is_revoked,
            known.is_held_later,
            known.is_held_since
        from unnest(p_candidates) as candidate
        cross join lateral (
            select
                -- What crossed may be what must not hold.
                bool_or(earned.revoked_by in ('rule', 'time') or exists (
                    select
                    from badges_internal.condition_groups as barring
                    where barring.org_id = candidate.org_id
                    and barring.badge_definition_id = candidate.badge_definition_id
                    and barring.kind = 'none_of'
                )) as is_revoked,
                -- What decided it then is gone: it came true again, but earlier.
                bool_or(earned.revoked_at is null and earned.earned_at > candidate.came_true_at)
                    as is_held_later,
                -- Written before the call, by what brings it here (_award_reached).
                bool_or(earned.revoked_at is null and earned.earned_at = candidate.came_true_at)
                    as is_held_since
            from badges.earned_badges as earned
            where earned.peer_mentor_id = candidate.peer_mentor_id
            and earned.badge_definition_id = candidate.badge_definition_id
            and earned.org_id = candidate.org_id
        ) as known
    ) as placed;
    v_granted := v_held;
    loop
        if v_granted is not null then
            select
                v_counting || followed.counting, v_again || followed.again,
                v_revoked || followed.revoked
            into v_counting, v_again, v_revoked
            from badges_internal._counting_granted(v_granted) as followed;
            v_granted := null;
        end if;
        if v_candidates is null then
            exit when v_counting is null;
            v_candidates := v_counting;
            v_counting := null;
        end if;
        v_awards := badges_internal._evaluate_badges(v_candidates, false);
        v_candidates := null;
        if v_awards is not null then
            v_granted := badges_internal._grant_badges(v_awards, p_source);
            v_granted_count := v_granted_count + coalesce(cardinality(v_granted), 0);
        end if;
    end loop;
    if v_again is not null then
        perform badges_internal._redate_badges(v_again, null, p_source);
    end if;
    if v_revoked is not null then
        perform badges_internal._settle_badges(v_revoked, p_source);
    end if;
    return v_granted_count;
end;
$$;

comment on function badges.apply_badge_rules(badges_internal.candidate[], text) is
'Decides and awards the badges that may have come true, until nothing new follows.';
