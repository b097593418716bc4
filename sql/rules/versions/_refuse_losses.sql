-- Refuses a document whose apply would take awards from people, and says from whom.
--
-- Only revoke and lapse badges take back; nothing is looked at where none of them changes. What
-- lapses by the new rule is lost like what it revokes. p_org_id: look at one organization alone,
-- whose administrator sees no other's people.
--
-- Raises: 55000 with the losses by organization and badge as JSON in detail.
create or replace function badges_internal._refuse_losses(p_document jsonb, p_org_id text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    v_document constant jsonb := case
        when p_org_id is null then p_document
        else jsonb_set(p_document, '{organizations}', jsonb_build_object(
            p_org_id, p_document #> array['organizations', p_org_id]
        ))
    end;
    v_rules record;
    v_taken badges_internal.dated_award[];
    v_losses jsonb;
begin
    if not jsonb_path_exists(p_document, '$.badges.*.on_unmet ? (@ != "keep")') then
        return;
    end if;
    perform badges_internal._refuse_foreign_slugs(p_document, p_document ->> 'ruleset');
    v_rules := badges_internal._plan_rules(v_document, p_document ->> 'ruleset');
    select moves.taken
    into v_taken
    from badges_internal._plan_moves(
        v_document, v_rules.milestones, v_rules.groups, now()
    ) as moves;
    if v_taken = '{}' then
        return;
    end if;
    select jsonb_agg(to_jsonb(loss) order by loss.org_id, loss.badge_definition_id)
    into v_losses
    from (
        select
            taken.org_id, taken.badge_definition_id, count(*) as awards,
            count(distinct taken.peer_mentor_id) as people,
            (array_agg(distinct taken.peer_mentor_id order by taken.peer_mentor_id))[:3] as sample
        from unnest(v_taken) as taken
        group by taken.org_id, taken.badge_definition_id
    ) as loss;
    raise exception '% people would lose % award(s)',
        (select count(distinct taken.peer_mentor_id) from unnest(v_taken) as taken),
        cardinality(v_taken)
    using
        errcode = '55000',
        detail = v_losses::text,
        hint = 'Look at the plan, and allow it by --allow-revoke.';
end;
$$;

comment on function badges_internal._refuse_losses(jsonb, text) is
'Refuses a document whose apply would take awards from people, and says from whom.';
