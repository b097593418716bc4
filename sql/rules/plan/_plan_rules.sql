-- Compiles the badges of a document that people would have to be looked at for.
--
-- Those whose conditions are new or other than now, or are not yet known to everybody; those that
-- begin to take back, or whose limit changes; and once anything is looked at, those that may count
-- other badges than now. A stat that is not kept yet is named by its selector's text.
create or replace function badges_internal._plan_rules(
    p_document jsonb,
    p_rule_set text,
    out milestones badges_internal.milestones[],
    out groups badges_internal.condition_groups[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_changed constant boolean := p_document is distinct from (
        select applied.document
        from badges.rule_sets as applied
        where applied.rule_set = p_rule_set
        order by applied.version desc
        limit 1
    );
begin
    with compiled as materialized (
        select planned.*
        from badges_internal._plan_compiled(p_document) as planned
    ),
    given as (
        select
            compiled.org_id, compiled.badge_definition_id,
            bool_or('badges' in (compiled.measure, compiled.lapse_measure)) as is_counting,
            jsonb_agg(
                jsonb_build_array(
                    compiled.node, compiled.tier, compiled.occurrence, compiled.parent,
                    compiled.required, case when compiled.required is null
                        then array[compiled.stat, compiled.measure, compiled.lapse_measure] end,
                    compiled.threshold, compiled.duration, compiled.badge_ids,
                    compiled.badge_category, compiled.expression, compiled.last_days
                )
                order by compiled.node, compiled.tier, compiled.occurrence
            ) as conditions
        from compiled
        group by compiled.org_id, compiled.badge_definition_id
    ),
    waiting as (
        select organization.org_id, (
            select min(base.rule_set_version)
            from badges.peer_mentor_stats as base
            where base.org_id = organization.org_id
            and base.rule_set_version is not null
        ) as version
        from badges.organizations as organization
    ),
    judged as (
        select
            given.org_id, given.badge_definition_id, given.is_counting,
            given.conditions is distinct from held.conditions
            or held.since_version > waiting.version
            or coalesce(p_document #>> array['badges', given.badge_definition_id, 'on_unmet']
                = 'revoke' and definition.on_unmet = 'keep', false)
            or (p_document #> array['badges', given.badge_definition_id, 'limit', 'first'])::integer
                is distinct from definition.place_limit as is_new
        from given
        left join badges_internal._compiled_conditions() as held
            using (org_id, badge_definition_id)
        left join waiting using (org_id)
        left join badges.badge_definitions as definition
            on definition.badge_definition_id = given.badge_definition_id
    ),
    -- Of the badges that count others: whose count may be another one by what is new.
    concerned as (
        select node.org_id, node.badge_definition_id
        from compiled as node
        left join unnest(node.badge_ids) as listed (slug) on true
        left join judged as other
            on other.org_id = node.org_id
            and other.badge_definition_id = listed.slug
        where 'badges' in (node.measure, node.lapse_measure)
        and (other.badge_definition_id is null or other.is_new or other.is_counting)
    ),
    chosen as materialized (
        select judged.org_id, judged.badge_definition_id
        from judged
        where judged.is_new
        or (v_is_changed or exists (select from judged as other where other.is_new))
        and (judged.org_id, judged.badge_definition_id) in (select * from concerned)
    )
    select
        (
            select array_agg(jsonb_populate_record(
                null::badges_internal.milestones,
                to_jsonb(compiled) || jsonb_build_object(
                    'since_version', 0,
                    'stat', case
                        when compiled.selector is null or not starts_with(compiled.stat, '~')
                        or defined.stat is not null then compiled.stat
                        else compiled.selector::text
                    end
                )
            ))
            from compiled
            join chosen using (org_id, badge_definition_id)
            left join badges_internal.stat_definitions as defined
                on defined.org_id = compiled.org_id
                and defined.stat = compiled.stat
            where compiled.required is null
        ),
        (
            select array_agg(row(
                compiled.org_id, compiled.badge_definition_id, compiled.node, compiled.parent,
                compiled.depth, compiled.kind, compiled.required, compiled.path
            )::badges_internal.condition_groups)
            from compiled
            join chosen using (org_id, badge_definition_id)
            where compiled.required is not null
        )
    into milestones, groups;
end;
$$;

comment on function badges_internal._plan_rules(jsonb, text) is
'Compiles the badges of a document that people would have to be looked at for.';
