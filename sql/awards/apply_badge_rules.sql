-- Decides and awards the badges that may have come true, until nothing new follows.
--
-- Triggers, the backfill and evaluate_badges call it with the badges in reach: a row a person,
-- organization and badge. A badge held can satisfy another badge's rule, so badges that count
-- badges are tried again after each award. criteria_raw comes last, once. Gives the number of
-- awards written.
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
    v_candidates badges_internal.candidate[] := p_candidates;
    v_awards badges_internal.dated_award[];
    v_granted badges_internal.candidate[];
    v_count bigint := 0;
begin
    while v_candidates is not null loop
        v_awards := badges_internal._evaluate_badges(v_candidates, false);
        exit when v_awards is null;
        v_granted := badges_internal._grant_badges(v_awards, p_source);
        v_count := v_count + coalesce(cardinality(v_granted), 0);
        v_candidates := badges_internal._counting_badges(v_granted);
    end loop;
    return v_count;
end;
$$;

comment on function badges.apply_badge_rules(badges_internal.candidate[], text) is
'Decides and awards the badges that may have come true, until nothing new follows.';
