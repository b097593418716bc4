-- Tells which badges a badges_earned condition counts already, and which could still count.
--
-- {"held": [{"badge_definition_id", "earned_at"}], "missing": [..]}. Where the rule lists none,
-- missing are those that can be earned here; hidden ones are not given away.
create or replace function badges_internal._counted_badges(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with held as (
            select *
            from badges_internal._held_badges(
                p_peer_mentor_id, p_milestone.org_id, p_milestone.badge_definition_id,
                p_milestone.badge_ids, p_milestone.badge_category
            )
        ),
        countable as (
            select unnest(p_milestone.badge_ids) as badge_definition_id
            union all
            select definition.badge_definition_id
            from badges.badge_definitions as definition
            join badges.org_badge_configs as config
                on config.badge_definition_id = definition.badge_definition_id
                and config.org_id = p_milestone.org_id
                and config.is_enabled
            where p_milestone.badge_ids is null
            and (
                p_milestone.badge_category is null
                or definition.category = p_milestone.badge_category
            )
            and definition.badge_definition_id <> p_milestone.badge_definition_id
            and definition.is_active
            and not definition.is_hidden
            and not badges_internal._counts_badges(definition.criteria)
        )
        select jsonb_build_object(
            'held', coalesce((
                select jsonb_agg(
                    jsonb_build_object(
                        'badge_definition_id', held.badge_definition_id,
                        'earned_at', held.earned_at
                    )
                    order by held.earned_at, held.badge_definition_id
                )
                from held
            ), '[]'),
            'missing', coalesce((
                select jsonb_agg(
                    countable.badge_definition_id order by countable.badge_definition_id
                )
                from countable
                where countable.badge_definition_id not in (
                    select held.badge_definition_id from held
                )
            ), '[]')
        )
    );
end;
$$;

comment on function badges_internal._counted_badges(uuid, badges_internal.milestones) is
'Tells which badges a badges_earned condition counts already, and which could still count.';
