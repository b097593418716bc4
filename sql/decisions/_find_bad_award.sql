-- Tells what is wrong with the first award that cannot be taken over, null where all can be.
create or replace function badges_internal._find_bad_award(p_awards badges_internal.dated_award[])
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select format('element %s: %s', judged.position - 1, judged.problem)
        from (
            select
                award.position,
                case
                    when award.peer_mentor_id is null then 'a person is needed'
                    when organization.org_id is null then format(
                        'organization %s does not exist', badges_internal._quoted(award.org_id)
                    )
                    when definition.badge_definition_id is null then format(
                        'badge %s does not exist in organization "%s"',
                        badges_internal._quoted(award.badge_definition_id), award.org_id
                    )
                    when award.tier <> '' and not definition.criteria @> jsonb_build_object(
                        'tiers', jsonb_build_array(jsonb_build_object('tier', award.tier))
                    )
                    or award.tier = '' and definition.criteria ? 'tiers'
                        then format(
                            'badge "%s" has no tier %s', definition.badge_definition_id,
                            badges_internal._quoted(award.tier)
                        )
                    when award.occurrence not between 1
                        and coalesce((definition.criteria #>> '{repeat,max}')::integer, 1)
                        then format(
                            'badge "%s" has no occurrence %s', definition.badge_definition_id,
                            award.occurrence
                        )
                    when award.earned_at is null then 'the moment it was earned is needed'
                    when award.earned_at < '1900-01-03 00:00:00+00'
                        or award.earned_at > now() + interval '24 hours'
                        then format(
                            'earned at %s must lie between 1900 and a day from now', award.earned_at
                        )
                end as problem
            from unnest(p_awards) with ordinality as award (
                peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at,
                activity_id, threshold, threshold_source, position
            )
            left join badges.organizations as organization on organization.org_id = award.org_id
            left join badges.badge_definitions as definition
                on definition.badge_definition_id = award.badge_definition_id
                and definition.rule_set = organization.rule_set
        ) as judged
        where judged.problem is not null
        order by judged.position
        limit 1
    );
end;
$$;

comment on function badges_internal._find_bad_award(badges_internal.dated_award[]) is
'Tells what is wrong with the first award that cannot be taken over, null where all can be.';
