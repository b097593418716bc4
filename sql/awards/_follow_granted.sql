-- Redates and gives back what awards just granted, and a call's own finds, have an effect on.
--
-- Badges that count badges may have come true earlier by what was granted now, or again. p_again:
-- badges held that came true earlier; p_revoked: badges that a rule took back and that may hold.
--
-- Writes: badges.earned_badges, badges.award_events (redated, restored).
create or replace function badges_internal._follow_granted(
    p_granted badges_internal.candidate[],
    p_again badges_internal.candidate[],
    p_revoked badges_internal.candidate[],
    p_source text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_counting constant badges_internal.candidate[]
        := badges_internal._counting_badges(p_granted);
    v_again badges_internal.candidate[] := p_again;
    v_revoked badges_internal.candidate[] := p_revoked;
begin
    if v_counting is not null then
        -- Looked up by key, row by row: a join of the two, taken for one row, would be looped over
        -- for every person.
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
            v_again || array_agg(counting) filter (
                where earned.revoked_at is null and earned.earned_at > granted.first_at
            ),
            v_revoked || array_agg(counting) filter (where earned.revoked_by = 'rule')
        into v_again, v_revoked
        from unnest(v_counting) as counting
        join granted
            on granted.peer_mentor_id = counting.peer_mentor_id
            and granted.org_id = counting.org_id
        join badges.earned_badges as earned
            on earned.peer_mentor_id = counting.peer_mentor_id
            and earned.badge_definition_id = counting.badge_definition_id
            and earned.org_id = counting.org_id;
    end if;
    if v_again is not null then
        perform badges_internal._redate_badges(v_again);
    end if;
    if v_revoked is not null then
        perform badges_internal._settle_badges(v_revoked, p_source);
    end if;
end;
$$;

comment on function badges_internal._follow_granted(
    badges_internal.candidate[], badges_internal.candidate[], badges_internal.candidate[], text
) is
'Redates and gives back what awards just granted, and a call''s own finds, have an effect on.';
