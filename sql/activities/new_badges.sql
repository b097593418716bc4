-- Lists the awards made so far in this transaction, for those who insert plainly.
create or replace function badges.new_badges()
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
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        new_badge.peer_mentor_id, new_badge.org_id, new_badge.badge_definition_id, new_badge.tier,
        new_badge.occurrence, new_badge.earned_at, new_badge.name
    from badges_internal._new_badges(0) as new_badge;
end;
$$;

comment on function badges.new_badges() is
'Lists the awards made so far in this transaction, for those who insert plainly.';
