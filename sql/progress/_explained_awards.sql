-- Gives a person's awards of one badge as explain_badge tells them, oldest first.
--
-- Each is its row with "name", "is_rule_met" (null where no rule awards the badge), "expires_at" as
-- in _expiries, null of a badge that does not lapse, and "note", which says in words that it was
-- taken over, null for others. p_dated: what holds of the badge.
create or replace function badges_internal._explained_awards(
    p_peer_mentor_id uuid,
    p_definition badges.badge_definitions,
    p_org_id text,
    p_dated badges_internal.condition_state[],
    p_as_of date,
    p_language text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                to_jsonb(earned) || jsonb_build_object(
                    'name', badges_internal._award_name(p_definition, earned.tier, p_language),
                    'is_rule_met', judged.is_rule_met,
                    'expires_at', expiring.expires_at,
                    'note', case when earned.source = 'import' then badges_internal._told_text(
                        case when judged.is_rule_met is false then 'note.taken_over_unmet'
                            else 'note.taken_over' end,
                        p_language
                    ) end
                )
                order by earned.earned_at, earned.tier, earned.occurrence
            ),
            '[]'
        )
        from badges.earned_badges as earned
        cross join lateral (
            select case when p_definition.criteria_type <> 'manual' then exists (
                select
                from unnest(p_dated) as dated
                where dated.parent is null
                and dated.tier = earned.tier
                and dated.occurrence = earned.occurrence
            ) end as is_rule_met
        ) as judged
        left join badges_internal._expiries(
            p_peer_mentor_id, p_org_id, p_definition.badge_definition_id, p_as_of
        ) as expiring on expiring.tier = earned.tier
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.org_id = p_org_id
        and earned.badge_definition_id = p_definition.badge_definition_id
    );
end;
$$;

comment on function badges_internal._explained_awards(
    uuid, badges.badge_definitions, text, badges_internal.condition_state[], date, text
) is
'Gives a person''s awards of one badge as explain_badge tells them, oldest first.';
