-- Decides what an apply of a valid document, with its backfill, would give to people and take.
--
-- given: awards that would be made, or given back; taken: those that would be revoked; restorable:
-- badges of which a rule took some, and gives them back where it holds again. Badges are
-- decided like the engine does it: first those that count activities, then those that count other
-- badges, each after the badges it lists. p_as_of: as plan_rule_set. Reads only.
create or replace function badges_internal._plan_moves(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_groups badges_internal.condition_groups[],
    p_as_of timestamptz,
    out given badges_internal.dated_award[],
    out taken badges_internal.dated_award[],
    out nearest jsonb,
    out restorable text[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set work_mem = '64MB'
as $$
declare
    v_badges constant text[] := array(
        select distinct milestone.badge_definition_id from unnest(p_milestones) as milestone
    );
    v_held text[]; -- badges that anybody has or had
    v_left text[] := v_badges;
    v_layer text[];
    v_found record;
    v_counted badges_internal.condition_state[];
    v_nearest jsonb;
    v_decided record;
    v_states badges_internal.condition_state[];
    v_lapsing badges_internal.dated_award[];
    v_now_given badges_internal.dated_award[];
    v_dated_people uuid[];
begin
    given := '{}';
    taken := '{}';
    select
        coalesce(array_agg(known.badge_definition_id), '{}'),
        coalesce(array_agg(known.badge_definition_id) filter (where known.is_taken), '{}')
    into v_held, restorable
    from (
        select earned.badge_definition_id, bool_or(earned.revoked_by <> 'person') as is_taken
        from badges.earned_badges as earned
        where earned.badge_definition_id = any(v_badges)
        group by earned.badge_definition_id
    ) as known;
    v_found := badges_internal._plan_conditions(
        p_milestones, restorable || array(
            select badge.key
            from jsonb_each(coalesce(p_document -> 'badges', '{}')) as badge
            where badge.value ->> 'on_unmet' = 'revoke'
        ), v_held
    );
    nearest := coalesce(v_found.nearest, '[]');
    v_found.falling := v_found.falling || badges_internal._plan_broken(
        v_found.states, p_milestones, p_groups
    );
    -- Where a sum that fell and other badges must hold together, all moments are asked for.
    v_dated_people := array(
        select distinct falling.peer_mentor_id
        from unnest(v_found.falling) as falling
        join unnest(p_milestones) as milestone using (org_id, badge_definition_id)
        where milestone.measure = 'badges'
    );
    v_layer := array(
        select badge.slug
        from unnest(v_left) as badge (slug)
        except
        select milestone.badge_definition_id
        from unnest(p_milestones) as milestone
        where 'badges' in (milestone.measure, milestone.lapse_measure)
    );
    loop
        select counted.states, counted.nearest
        into v_counted, v_nearest
        from badges_internal._plan_counted(
            p_document, p_milestones, v_layer, given, taken
        ) as counted;
        nearest := nearest || coalesce(v_nearest, '[]');
        v_states := badges_internal._plan_certain(
            case when v_layer @> v_badges then v_found.states else array(
                select state
                from unnest(v_found.states) as state
                where state.badge_definition_id = any(v_layer)
            ) end || v_counted,
            v_found.falling, v_dated_people
        );
        v_decided := badges_internal._plan_awards(v_states, p_groups);
        nearest := nearest || v_decided.nearest;
        v_lapsing := badges_internal._plan_lapsing(
            p_document, p_milestones, p_groups, v_layer, given, taken, p_as_of
        );
        v_now_given := badges_internal._plan_given(
            p_document,
            badges_internal._plan_placed(p_document, v_states, p_groups, v_decided.awards)
                || v_lapsing,
            v_held
        );
        taken := taken || badges_internal._plan_taken(
            p_document, p_milestones, v_layer, v_decided.awards || v_lapsing
        );
        given := given || v_now_given;
        taken := array(select distinct award from unnest(taken) as award);
        v_left := array(select unnest(v_left) except select unnest(v_layer));
        exit when v_left = '{}';
        v_layer := array(
            select badge.slug
            from unnest(v_left) as badge (slug)
            where not exists (
                select
                from unnest(p_milestones) as milestone
                where milestone.badge_definition_id = badge.slug
                and milestone.badge_ids && v_left
            )
        );
    end loop;
end;
$$;

comment on function badges_internal._plan_moves(
    jsonb, badges_internal.milestones[], badges_internal.condition_groups[], timestamptz
) is
'Decides what an apply of a valid document, with its backfill, would give to people and take.';
