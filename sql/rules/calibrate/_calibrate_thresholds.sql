-- Lists by organization the thresholds that a number of a badge has at present, each tier's.
--
-- p_asked, p_milestones, p_groups: the badge, and as it is compiled. Of repetitions the first.
create or replace function badges_internal._calibrate_thresholds(
    p_asked jsonb,
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_node integer
)
returns table (org_id text, tier text, threshold numeric, source text)
language sql
immutable
begin atomic
    select
        milestone.org_id, milestone.tier, milestone.threshold, milestone.threshold_source
    from unnest(p_milestones) as milestone
    where milestone.node = p_node
    and milestone.occurrence = 1
    union all
    -- Of an n_of; an organization names it by its id.
    select
        grouped.org_id, '', grouped.required,
        case
            when p_asked #> array[
                'organizations', grouped.org_id, 'custom_thresholds',
                grouped.badge_definition_id,
                jsonb_path_query_first(
                    p_asked #> array['badges', grouped.badge_definition_id, 'criteria'],
                    grouped.path::jsonpath
                ) ->> 'id'
            ] is not null then 'organization'
            else 'default'
        end
    from unnest(p_groups) as grouped
    where grouped.node = p_node;
end;

comment on function badges_internal._calibrate_thresholds(
    jsonb, badges_internal.milestones[], badges_internal.condition_groups[], integer
) is
'Lists by organization the thresholds that a number of a badge has at present, each tier''s.';
