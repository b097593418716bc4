-- Gives the conditions and groups of an organization's badges that lapse, of those named.
create or replace function badges_internal._lapse_rules(
    p_org_id text,
    p_badge_definition_ids text[], -- null = all of them
    out milestones badges_internal.milestones[],
    out groups badges_internal.condition_groups[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    select array_agg(milestone)
    into milestones
    from badges_internal.milestones as milestone
    where milestone.org_id = p_org_id
    and milestone.measure = 'lapse'
    and (
        p_badge_definition_ids is null
        or milestone.badge_definition_id = any(p_badge_definition_ids)
    );
    select array_agg(grouped)
    into groups
    from badges_internal.condition_groups as grouped
    where grouped.org_id = p_org_id
    and grouped.badge_definition_id in (
        select milestone.badge_definition_id from unnest(milestones) as milestone
    );
end;
$$;

comment on function badges_internal._lapse_rules(text, text[]) is
'Gives the conditions and groups of an organization''s badges that lapse, of those named.';
