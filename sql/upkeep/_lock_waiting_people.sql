-- Locks some people whom the current version of a rule set has not seen, those free at the moment.
--
-- Whom another session writes for at this moment is passed over: it may bring the person up to date
-- itself. A lock alone, so that what was measured ahead stays true; the caller writes the base rows
-- (_set_base_versions). By the index of versions: those of the table's beginning are done first.
-- base_rows: which transactions wrote theirs last. oldest: the lowest version among them.
--
-- Locks:  base rows, without waiting.
create or replace function badges_internal._lock_waiting_people(
    p_rule_set text,
    p_at_most integer,
    out peer_mentor_ids uuid[],
    out org_ids text[],
    out base_rows xid[],
    out oldest integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    perform badges_internal._hold_rules();
    perform badges_internal._hold_organizations(array(
        select organization.org_id
        from badges.organizations as organization
        where organization.rule_set = p_rule_set
    ));
    select
        array_agg(waiting.peer_mentor_id), array_agg(waiting.org_id),
        array_agg(waiting.xmin), min(waiting.rule_set_version)
    into peer_mentor_ids, org_ids, base_rows, oldest
    from (
        select held.peer_mentor_id, held.org_id, held.xmin, held.rule_set_version
        from badges.organizations as organization
        join badges.peer_mentor_stats as held
            on held.org_id = organization.org_id
            and held.rule_set_version < organization.rule_set_version
        where organization.rule_set = p_rule_set
        limit p_at_most
        for no key update of held skip locked
    ) as waiting;
end;
$$;

comment on function badges_internal._lock_waiting_people(text, integer) is
'Locks some people whom the current version of a rule set has not seen, those free at the moment.';
