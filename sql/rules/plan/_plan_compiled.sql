-- Compiles a valid document for every organization that enables a badge, as an apply would.
--
-- A row a condition or group, as _compile_badge gives them. Yields rows and writes nothing.
create or replace function badges_internal._plan_compiled(p_document jsonb)
returns table (
    org_id text,
    badge_definition_id text,
    node integer,
    parent integer,
    depth integer,
    kind text,
    required integer,
    tier text,
    occurrence integer,
    selector jsonb,
    measure text,
    threshold numeric,
    threshold_source text,
    duration interval,
    badge_ids text[],
    badge_category text,
    expression text,
    path text,
    stat text
)
language sql
immutable
begin atomic
    select
        organization.key collate "C",
        badge.key collate "C",
        compiled.*,
        case when compiled.selector is not null
            then badges_internal._stat_name(compiled.selector) end
    from jsonb_each(coalesce(p_document -> 'organizations', '{}')) as organization
    cross join jsonb_each(coalesce(p_document -> 'badges', '{}')) as badge
    cross join lateral badges_internal._compile_badge(
        badge.value -> 'criteria',
        organization.value -> 'custom_thresholds' -> badge.key
    ) as compiled
    where coalesce((badge.value -> 'active')::boolean, true)
    and coalesce(organization.value -> 'badges' ? badge.key, true);
end;

comment on function badges_internal._plan_compiled(jsonb) is
'Compiles a valid document for every organization that enables a badge, as an apply would.';
