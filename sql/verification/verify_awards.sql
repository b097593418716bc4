-- Names every award that is missing, unsupported, wrongly dated or without a place.
--
-- Shares no code with the triggers. A badge is due when any beginning of the present activities, by
-- occurred_at, satisfies its rule; expected is the moment of the first such beginning. Problem is
-- missing, date_too_late or without_place (a limited badge given by rules more often than places
-- were claimed); of badges that are taken back also unsupported (held, though the rule does not
-- hold) and date_too_early. Stored is 'revoked' where a rule took back what is due. What a person
-- gave, took back or denied is not judged, nor are raw rules. p_from and p_to are both included;
-- p_sample is the share of people to look at.
--
-- Raises: 22023 for a sample outside 0 to 1, 0A000 for a selector it cannot read.
create or replace function badges.verify_awards(
    p_peer_mentor_id uuid default null,
    p_from uuid default null,
    p_to uuid default null,
    p_sample double precision default null
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    problem text,
    stored text,
    expected text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO, YMD'
set timezone = 'UTC'
set enable_nestloop = off
set enable_mergejoin = off
set enable_sort = off
set jit = off
set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_scope badges_internal.verified_scope :=
        badges_internal._verify_scope(p_peer_mentor_id, p_from, p_to, p_sample);
begin
    return query
    select difference.*
    from badges_internal._verify_award_differences(v_scope) as difference
    order by 1, 2, 3, 4, 5;
end;
$$;

comment on function badges.verify_awards(uuid, uuid, uuid, double precision) is
'Names every award that is missing, unsupported, wrongly dated or without a place.';
