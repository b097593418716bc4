-- Tells of one condition what its kind has to tell beyond value and target, as an object.
--
-- current: of the days that end today, see _recent_details.
-- best, current: of a window or of per, the part that counts and the one p_as_of lies in, each
--   {"from", "until", "of", "value"} and, of distinct values, as below.
-- counted, missing, open: of distinct values, those that count and those that lack of a closed
--   list, and the nearest that have not reached what per_value asks.
-- period: of a when with from or until, to come, now or over.
-- run, now: of a streak, see _streak_details; now alone of windows that each count (repeat: each).
-- tenure: of the occurrence, see _tenure_details.
-- capped: of what a unit adds at most, see _cap_details.
-- sequence: of a run or a share, see _sequence_details.
-- held, missing: of badges. expression, reason: of a raw rule.
create or replace function badges_internal._condition_details(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_badge_definition_id text,
    p_node integer,
    p_occurrence integer,
    p_criteria jsonb,
    p_as_of date
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_milestone badges_internal.milestones;
    v_selector jsonb;
begin
    select milestone.*
    into v_milestone
    from badges_internal.milestones as compiled
    cross join lateral badges_internal._told_milestone(compiled) as milestone
    where compiled.org_id = p_org_id
    and compiled.badge_definition_id = p_badge_definition_id
    and compiled.node = p_node
    and compiled.occurrence = p_occurrence
    limit 1;
    select defined.selector
    into v_selector
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_org_id
    and defined.stat = v_milestone.stat;
    return case
        when v_milestone.measure = 'tenure'
            then badges_internal._tenure_details(p_peer_mentor_id, v_milestone, p_as_of)
        when v_milestone.measure = 'badges'
            then badges_internal._counted_badges(p_peer_mentor_id, v_milestone)
        when v_milestone.measure = 'raw' then jsonb_build_object(
            'expression', p_criteria -> 'expression', 'reason', p_criteria -> 'reason'
        )
        when p_criteria ->> 'type' = 'streak' or v_selector ? 'unit'
            then badges_internal._streak_details(
                p_peer_mentor_id, v_milestone, v_selector,
                coalesce(p_criteria ->> 'unit', v_selector ->> 'unit'), p_as_of
            )
        when v_milestone.last_days is not null then badges_internal._recent_details(
            p_peer_mentor_id, v_milestone, v_selector, p_as_of
        )
        when jsonb_typeof(v_selector -> 'window') = 'object'
            then badges_internal._rolling_details(
                p_peer_mentor_id, v_milestone, v_selector, p_as_of
            )
        when v_selector ?| array['window', 'per'] then badges_internal._bucket_details(
            p_peer_mentor_id, v_milestone, v_selector, p_as_of
        )
        when v_selector ? 'qualify' then jsonb_build_object(
            'sequence', badges_internal._sequence_details(p_peer_mentor_id, v_milestone)
        )
        when v_selector ? 'distinct' then badges_internal._stored_elements(
            p_peer_mentor_id, p_org_id, v_milestone.stat, '', v_selector
        )
        else '{}'
    end || case
        when v_selector ? 'cap'
            then badges_internal._cap_details(p_peer_mentor_id, v_milestone, v_selector)
        else '{}'
    end || jsonb_strip_nulls(jsonb_build_object('period', case
        when (v_selector -> 'when' ->> 'until')::date < p_as_of then 'over'
        when (v_selector -> 'when' ->> 'from')::date > p_as_of then 'to come'
        when v_selector -> 'when' ?| array['from', 'until'] then 'now'
    end));
end;
$$;

comment on function badges_internal._condition_details(
    uuid, text, text, integer, integer, jsonb, date
) is
'Tells of one condition what its kind has to tell beyond value and target, as an object.';
