-- Finds the first tier or occurrence of a badge that a person does not hold, null when all are.
--
-- By the rule as it is written, whether it is compiled here or not. held_count: how many are held.
create or replace function badges_internal._first_not_held(
    p_peer_mentor_id uuid,
    p_definition badges.badge_definitions,
    p_org_id text,
    out tier text,
    out occurrence integer,
    out held_count bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    with held as materialized (
        select earned.tier, earned.occurrence
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.badge_definition_id = p_definition.badge_definition_id
        and earned.revoked_at is null
    ),
    wholes as (
        select
            coalesce(compiled.tier, '') as tier, coalesce(compiled.occurrence, 1) as occurrence,
            coalesce(compiled.threshold, 1) as threshold
        from badges_internal._compile_badge(p_definition.criteria, null) as compiled
        where compiled.parent is null
        union all
        select '', 1, 1
        where p_definition.criteria_type = 'manual'
    ),
    missing as (
        select wholes.tier, wholes.occurrence
        from wholes
        where not exists (
            select
            from held
            where held.tier = wholes.tier
            and held.occurrence = wholes.occurrence
        )
        order by wholes.threshold, wholes.tier
        limit 1
    )
    select missing.tier, missing.occurrence, (select count(*) from held)
    into tier, occurrence, held_count
    from missing;
end;
$$;

comment on function badges_internal._first_not_held(uuid, badges.badge_definitions, text) is
'Finds the first tier or occurrence of a badge that a person does not hold, null when all are.';
