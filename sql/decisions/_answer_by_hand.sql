-- Gives what the routines for awards by hand answer: the award as it stands, and what changed.
--
-- {"award": {..} or null, "changed": bool}. p_tier, p_occurrence: null = any; of several awards the
-- last.
create or replace function badges_internal._answer_by_hand(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_tier text,
    p_occurrence integer,
    p_is_changed boolean
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return jsonb_build_object(
        'award', (
            select to_jsonb(earned)
            from badges.earned_badges as earned
            where earned.peer_mentor_id = p_peer_mentor_id
            and earned.badge_definition_id = p_badge_definition_id
            and earned.org_id = p_org_id
            and earned.tier = coalesce(p_tier, earned.tier)
            and earned.occurrence = coalesce(p_occurrence, earned.occurrence)
            order by earned.earned_at desc, earned.threshold desc nulls last, earned.occurrence desc
            limit 1
        ),
        'changed', p_is_changed
    );
end;
$$;

comment on function badges_internal._answer_by_hand(uuid, text, text, text, integer, boolean) is
'Gives what the routines for awards by hand answer: the award as it stands, and what changed.';
