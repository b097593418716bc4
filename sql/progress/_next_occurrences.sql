-- Lists the first occurrence not held of repeated badges, else the last, of people who hold some.
--
-- p_org_id: null = every organization.
create or replace function badges_internal._next_occurrences(p_org_id text)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer
)
language plpgsql
volatile
rows 10000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set enable_mergejoin = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
    return query
    with repeated as (
        select
            milestone.org_id, milestone.badge_definition_id, milestone.tier,
            max(milestone.occurrence) as last
        from badges_internal.milestones as milestone
        where milestone.org_id = coalesce(p_org_id, milestone.org_id)
        group by milestone.org_id, milestone.badge_definition_id, milestone.tier
        having max(milestone.occurrence) > 1
    ),
    held as (
        select
            earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
            repeated.last, array_agg(earned.occurrence) as occurrences
        from badges.earned_badges as earned
        join repeated
            on repeated.org_id = earned.org_id
            and repeated.badge_definition_id = earned.badge_definition_id
            and repeated.tier = earned.tier
        where earned.revoked_at is null
        group by
            earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
            repeated.last
    )
    select
        held.peer_mentor_id, held.org_id, held.badge_definition_id, held.tier,
        coalesce(
            (
                select min(number)
                from generate_series(1, held.last) as number
                where number <> all(held.occurrences)
            ),
            held.last
        )
    from held;
end;
$$;

comment on function badges_internal._next_occurrences(text) is
'Lists the first occurrence not held of repeated badges, else the last, of people who hold some.';
