-- Evaluates people of a rule set who hold awards but have no activities: no backfill meets them.
--
-- Badges that count badges can come true for them, and revoke badges no longer hold. Gives the
-- number of awards.
--
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges_internal._evaluate_bystanders(
    p_rule_set text,
    p_as_of timestamptz
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_orgs constant text[] := array(
        select organization.org_id
        from badges.organizations as organization
        where organization.rule_set = p_rule_set
        and (
            exists (
                select
                from badges_internal.milestones as milestone
                where milestone.org_id = organization.org_id
                and milestone.measure = 'badges'
            )
            or exists (
                select
                from badges.badge_definitions as definition
                where definition.rule_set = p_rule_set
                and definition.on_unmet in ('revoke', 'lapse')
            )
        )
    );
    v_people uuid[];
    v_people_orgs text[];
begin
    if v_orgs = '{}' then
        return 0;
    end if;
    select array_agg(holder.peer_mentor_id), array_agg(holder.org_id)
    into v_people, v_people_orgs
    from (
        select earned.peer_mentor_id, earned.org_id
        from badges.earned_badges as earned
        where earned.org_id = any(v_orgs)
        except
        select held.peer_mentor_id, held.org_id
        from badges.peer_mentor_stats as held
        where held.org_id = any(v_orgs)
        and held.rule_set_version is not null
    ) as holder;
    if v_people is null then
        return 0;
    end if;
    return badges_internal._evaluate_people(
        v_people, v_people_orgs,
        array(
            select row(
                person.peer_mentor_id, person.org_id, milestone.badge_definition_id, null, null
            )::badges_internal.candidate
            from unnest(v_people, v_people_orgs) as person (peer_mentor_id, org_id)
            join badges_internal.milestones as milestone
                on milestone.org_id = person.org_id
                and milestone.measure = 'badges'
        ),
        null, v_people, v_people_orgs, 'backfill', p_lapses_as_of => p_as_of
    );
end;
$$;

comment on function badges_internal._evaluate_bystanders(text, timestamptz) is
'Evaluates people of a rule set who hold awards but have no activities: no backfill meets them.';
