-- Gives the awards of this transaction after an event as the JSON array that callers get.
create or replace function badges_internal._new_badges_since(
    p_after_event bigint,
    p_with_person boolean
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'badge_definition_id', new_badge.badge_definition_id,
                'tier', new_badge.tier,
                'occurrence', new_badge.occurrence,
                'earned_at', new_badge.earned_at,
                'name', new_badge.name
            ) || case
                when p_with_person then jsonb_build_object(
                    'peer_mentor_id', new_badge.peer_mentor_id, 'org_id', new_badge.org_id
                )
                else '{}'
            end
        ), '[]')
        from badges_internal._new_badges(p_after_event) as new_badge
    );
end;
$$;

comment on function badges_internal._new_badges_since(bigint, boolean) is
'Gives the awards of this transaction after an event as the JSON array that callers get.';
