-- Gives the last award that everybody with activities holds of each badge and tier, and which.
--
-- occurrences: all that are held. p_org_id: null = every organization.
create or replace function badges_internal._everyones_awards(p_org_id text)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrences integer[],
    occurrence integer,
    threshold numeric,
    earned_at timestamptz
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set enable_mergejoin = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
    return query
    select
        earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
        array_agg(earned.occurrence),
        max(earned.occurrence),
        (array_agg(earned.threshold order by earned.occurrence desc))[1],
        (array_agg(earned.earned_at order by earned.occurrence desc))[1]
    from badges.earned_badges as earned
    join badges.peer_mentor_stats as base
        on base.peer_mentor_id = earned.peer_mentor_id
        and base.org_id = earned.org_id
        and base.rule_set_version is not null
        and base.activity_count > 0
    where earned.org_id = coalesce(p_org_id, earned.org_id)
    and earned.revoked_at is null
    group by earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier;
end;
$$;

comment on function badges_internal._everyones_awards(text) is
'Gives the last award that everybody with activities holds of each badge and tier, and which.';
