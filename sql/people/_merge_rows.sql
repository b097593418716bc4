-- Moves all that is kept of one person to another in some organizations, and leaves that exact.
--
-- The stats are those of all activities together, and the awards are decided anew by them. The
-- caller has called _hold_person.
--
-- Writes: every table of _person_tables but the ids, the server's log.
create or replace function badges_internal._merge_rows(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_id text,
    p_org_ids text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_orgs constant text[] := array(
        select organization.org_id
        from badges.organizations as organization
        where organization.org_id = any(p_org_ids)
        order by organization.org_id
    );
    v_into constant uuid[] := array_fill(p_into_peer_mentor_id, array[cardinality(v_orgs)]);
    v_both constant uuid[] := array_fill(p_from_peer_mentor_id, array[cardinality(v_orgs)])
        || v_into;
    v_kept record;
begin
    -- A change of time zone that a backfill has yet to bring is each person's own.
    perform badges_internal._bring_up_to_date(v_both, v_orgs || v_orgs, true);
    perform badges_internal._mark_uncounted(v_both, p_org_ids);
    perform badges_internal._merge_activities(
        p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
    );
    update badges_internal.due_people as due
    set seen_until = greatest(due.seen_until, given.seen_until)
    from badges_internal.due_people as given
    where due.peer_mentor_id = p_into_peer_mentor_id
    and given.peer_mentor_id = p_from_peer_mentor_id
    and given.org_id = due.org_id
    and given.org_id = any(p_org_ids);
    update badges_internal.place_claims as claim
    set earned_at = least(claim.earned_at, given.earned_at)
    from badges_internal.place_claims as given
    where claim.peer_mentor_id = p_into_peer_mentor_id
    and given.peer_mentor_id = p_from_peer_mentor_id
    and given.org_id = claim.org_id
    and given.badge_definition_id = claim.badge_definition_id
    and given.tier = claim.tier
    and given.org_id = any(p_org_ids);
    -- Who is still to be erased is exactly that one, and has no key.
    update badges_internal.source_rows_set_aside as aside
    set peer_mentor_id = p_into_peer_mentor_id
    where aside.peer_mentor_id = p_from_peer_mentor_id
    and aside.org_id = any(p_org_ids)
    and aside.source_key <> '';
    for v_kept in
        select
            kept.table_name, kept.belongs_to, kept.on_merge,
            case
                when p_org_id is not null or kept.belongs_to = 'organization' then p_org_ids
            end as org_ids
        from badges_internal._person_tables() as kept
        order by kept.place, kept.table_name
    loop
        if v_kept.on_merge = 'moved' then
            execute badges_internal._person_statement(
                'move', v_kept.table_name, v_kept.belongs_to
            )
            using
                p_from_peer_mentor_id, v_kept.org_ids, p_org_id is null, p_into_peer_mentor_id;
        elsif v_kept.on_merge = 'dropped' then
            execute badges_internal._person_statement(
                'erase', v_kept.table_name, v_kept.belongs_to
            )
            using p_from_peer_mentor_id, v_kept.org_ids, p_org_id is null;
        end if;
    end loop;
    perform badges_internal._merge_events(
        p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
    );
    perform badges_internal._merge_awards(
        p_from_peer_mentor_id, p_into_peer_mentor_id, p_org_ids
    );
    perform badges_internal._rebuild_people(v_into, v_orgs, null);
    perform badges_internal._set_base_versions(v_into, v_orgs);
    perform badges_internal._take_denied(p_into_peer_mentor_id, v_orgs);
    perform badges.evaluate_badges(p_into_peer_mentor_id, organization.org_id)
    from unnest(v_orgs) as organization (org_id);
end;
$$;

comment on function badges_internal._merge_rows(uuid, uuid, text, text[]) is
'Moves all that is kept of one person to another in some organizations, and leaves that exact.';
