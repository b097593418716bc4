-- Builds what people lack of whom activities were counted one by one, and gives what is in reach.
--
-- p_stale_people, p_stale_orgs: counted elsewhere too, so all is rebuilt from the table, and what
-- their activities told is left out. p_outdated_people, p_outdated_orgs: of another version of the
-- rules. p_candidates: what the activities told.
--
-- Locks:  base rows of the stale, in key order; those of the others are held.
-- Writes: as _bring_up_to_date.
create or replace function badges_internal._build_counted(
    p_stale_people uuid[],
    p_stale_orgs text[],
    p_outdated_people uuid[],
    p_outdated_orgs text[],
    p_candidates badges_internal.candidate[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_candidates badges_internal.candidate[] := p_candidates;
begin
    if p_stale_people is not null then
        perform badges_internal._lock_people(p_stale_people, p_stale_orgs);
        v_candidates := badges_internal._bring_up_to_date(p_stale_people, p_stale_orgs, false)
            || array(
                select candidate
                from unnest(v_candidates) as candidate
                where (candidate.peer_mentor_id, candidate.org_id) not in (
                    select stale.peer_mentor_id, stale.org_id
                    from unnest(p_stale_people, p_stale_orgs) as stale (peer_mentor_id, org_id)
                )
            );
    end if;
    if p_outdated_people is not null then
        v_candidates := v_candidates
            || badges_internal._bring_up_to_date(p_outdated_people, p_outdated_orgs, true);
    end if;
    return v_candidates;
end;
$$;

comment on function badges_internal._build_counted(
    uuid[], text[], uuid[], text[], badges_internal.candidate[]
) is
'Builds what people lack of whom activities were counted one by one, and gives what is in reach.';
