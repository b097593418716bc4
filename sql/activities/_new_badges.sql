-- Lists the awards of this transaction whose events came after the given one, oldest first.
--
-- An event of before it began has its number from another cluster, by a restore.
create or replace function badges_internal._new_badges(p_after_event bigint)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    earned_at timestamptz,
    name text
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        event.peer_mentor_id, event.org_id, event.badge_definition_id, event.tier,
        event.occurrence, earned.earned_at, badges_internal._award_name(definition, event.tier)
    from badges.award_events as event
    join badges.earned_badges as earned
        on earned.peer_mentor_id = event.peer_mentor_id
        and earned.badge_definition_id = event.badge_definition_id
        and earned.org_id = event.org_id
        and earned.tier = event.tier
        and earned.occurrence = event.occurrence
        and earned.revoked_at is null
    join badges.badge_definitions as definition
        on definition.badge_definition_id = event.badge_definition_id
    where event.transaction_id = pg_current_xact_id_if_assigned()
    and event.created_at >= now()
    and event.event_type in ('awarded', 'restored')
    and event.event_id > p_after_event
    order by earned.earned_at, event.event_id;
end;
$$;

comment on function badges_internal._new_badges(bigint) is
'Lists the awards of this transaction whose events came after the given one, oldest first.';
