-- Tells what applying a document would change and do to people; changes nothing.
--
-- Works in a read-only transaction. Gives rule_set, version (the current one; 0 = none), checksum
-- (of the document), changed, changes, effects by organization and badge, people (who stand in its
-- organizations), waiting (people whom the current version has not seen yet; what it would give
-- them is counted in) and warnings. p_as_of: the moment at which badges that lapse are held or not,
-- but nobody's before their own last activity or sweep.
--
-- Raises: 22023 for a document that is not valid, with the problems as JSON in detail, and for a
--         moment over a day ahead; 23505 when another rule set owns a slug.
create or replace function badges.plan_rule_set(
    p_document jsonb,
    p_as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_custom_plan
set max_parallel_workers_per_gather = 0
as $$
declare
    v_rule_set constant text := p_document ->> 'ruleset';
    v_checksum text;
    v_current badges.rule_sets;
    v_rules record;
    v_moves record;
begin
    perform badges_internal._refuse_rule_set(p_document);
    perform badges_internal._refuse_foreign_slugs(p_document, v_rule_set);
    perform badges_internal._require_passed(p_as_of);
    v_checksum := encode(sha256(convert_to(p_document::text, 'UTF8')), 'hex');
    select applied.*
    into v_current
    from badges.rule_sets as applied
    where applied.rule_set = v_rule_set
    order by applied.version desc
    limit 1;
    v_rules := badges_internal._plan_rules(p_document, v_rule_set);
    v_moves := badges_internal._plan_moves(
        p_document, v_rules.milestones, v_rules.groups, p_as_of
    );
    return jsonb_build_object(
        'rule_set', v_rule_set,
        'version', coalesce(v_current.version, 0),
        'checksum', v_checksum,
        'changed', v_current.checksum is distinct from v_checksum,
        'changes', badges_internal._plan_changes(v_current.document, p_document),
        'effects', badges_internal._plan_effects(
            p_document, v_rules.milestones, v_moves.given, v_moves.taken, v_moves.nearest,
            v_moves.restorable
        ),
        'people', (
            select count(*)
            from badges.peer_mentor_stats as base
            where base.rule_set_version is not null
            and p_document -> 'organizations' ? base.org_id
        ),
        'waiting', badges_internal._count_waiting_people(v_rule_set),
        'warnings', badges_internal._rule_set_warnings(p_document)
    );
end;
$$;

comment on function badges.plan_rule_set(jsonb, timestamptz) is
'Tells what applying a document would change and do to people; changes nothing.';
