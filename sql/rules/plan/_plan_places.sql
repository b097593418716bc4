-- Tells how many places the badges with a limit would have left, once a document is applied.
--
-- Awards that rules gave or that were taken over hold places, also those taken back.
create or replace function badges_internal._plan_places(p_document jsonb)
returns table (
    org_id text,
    badge_definition_id text,
    tier text,
    places bigint
)
language plpgsql
stable
rows 100
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        limited.org_id, limited.badge_definition_id, limited.tier,
        greatest(0, limited.places - coalesce(
            place.claimed::bigint,
            (
                select count(*)
                from badges.earned_badges as earned
                where earned.org_id = limited.org_id
                and earned.badge_definition_id = limited.badge_definition_id
                and earned.tier = limited.tier
                and earned.source <> 'manual'
            )
        ))
    from (
        select distinct
            compiled.org_id, compiled.badge_definition_id, coalesce(compiled.tier, '') as tier,
            (badge.value #> '{limit,first}')::integer as places
        from jsonb_each(coalesce(p_document -> 'badges', '{}')) as badge
        join badges_internal._plan_compiled(p_document) as compiled
            on compiled.badge_definition_id = badge.key
            and compiled.required is null
        where badge.value ? 'limit'
    ) as limited
    left join badges_internal.badge_places as place
        on place.org_id = limited.org_id
        and place.badge_definition_id = limited.badge_definition_id
        and place.tier = limited.tier;
end;
$$;

comment on function badges_internal._plan_places(jsonb) is
'Tells how many places the badges with a limit would have left, once a document is applied.';
