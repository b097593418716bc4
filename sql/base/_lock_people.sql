-- Writes the base rows of the given people in key order; that write is the person's lock.
--
-- Everything that changes a person's stats or awards comes after it, in a later statement. Two
-- sessions for one person queue here; at REPEATABLE READ and above the second gets 40001.
--
-- Locks:  badges.peer_mentor_stats base rows, in key order.
-- Writes: badges.peer_mentor_stats.
-- Raises: 23503 when an organization does not exist.
create or replace function badges_internal._lock_people(
    p_peer_mentor_ids uuid[],
    p_org_ids text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_last_id constant bigint := badges_internal._last_activity_id();
begin
    perform badges_internal._hold_rules();
    perform badges_internal._hold_organizations(p_org_ids);
    insert into badges.peer_mentor_stats as held (
        peer_mentor_id, org_id, stat, bucket, rule_set_version, counted_in, counted_upto
    )
    select distinct
        person.peer_mentor_id, person.org_id, '*', '', beginning.version,
        pg_current_xact_id(), v_last_id
    from unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    join badges.organizations as organization
        on organization.org_id = person.org_id
    cross join lateral badges_internal._beginning_version(person.peer_mentor_id, organization)
        as beginning
    order by person.peer_mentor_id, person.org_id
    on conflict (peer_mentor_id, org_id, stat, bucket) do update set
        counted_in = excluded.counted_in, counted_upto = excluded.counted_upto;
end;
$$;

comment on function badges_internal._lock_people(uuid[], text[]) is
'Writes the base rows of the given people in key order; that write is the person''s lock.';
