-- Lists the badges that count what was just granted: to be decided, or affected where held already.
--
-- counting: all of them. again: held, but may have come true earlier; revoked: a rule took them
-- back, and they may hold again. What is awarded afterwards knows of these grants.
create or replace function badges_internal._counting_granted(
    p_granted badges_internal.candidate[],
    out counting badges_internal.candidate[],
    out again badges_internal.candidate[],
    out revoked badges_internal.candidate[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    counting := badges_internal._counting_badges(p_granted);
    if counting is null then
        return;
    end if;
    -- Looked up by key, row by row: a join of the two, taken for one row, would be looped over for
    -- every person.
    with granted as materialized (
        select each.peer_mentor_id, each.org_id, min(earned.earned_at) as first_at
        from (select distinct given.* from unnest(p_granted) as given) as each
        cross join lateral (
            select own.earned_at
            from badges.earned_badges as own
            where own.peer_mentor_id = each.peer_mentor_id
            and own.badge_definition_id = each.badge_definition_id
            and own.org_id = each.org_id
            offset 0
        ) as earned
        group by each.peer_mentor_id, each.org_id
    )
    select
        array_agg(candidate) filter (
            where earned.revoked_at is null and earned.earned_at > granted.first_at
        ),
        array_agg(candidate) filter (where earned.revoked_by in ('rule', 'time'))
    into again, revoked
    from unnest(counting) as candidate
    join granted
        on granted.peer_mentor_id = candidate.peer_mentor_id
        and granted.org_id = candidate.org_id
    join badges.earned_badges as earned
        on earned.peer_mentor_id = candidate.peer_mentor_id
        and earned.badge_definition_id = candidate.badge_definition_id
        and earned.org_id = candidate.org_id;
end;
$$;

comment on function badges_internal._counting_granted(badges_internal.candidate[]) is
'Lists the badges that count what was just granted: to be decided, or affected where held already.';
