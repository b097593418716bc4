-- Writes awards that activities decided alone; gives, dated, those that other badges count.
--
-- Each badge once, with the last of its moments: none of them is to be dated anew. None may have a
-- limit, or be held or denied already.
--
-- Locks:  badges.earned_badges rows. The caller holds the base rows.
-- Writes: badges.earned_badges, badges.award_events, the server's log.
create or replace function badges_internal._grant_dated(p_awards badges_internal.dated_award[])
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_written constant badges_internal.dated_award[]
        := badges_internal._write_awards(p_awards, 'rule');
begin
    return (
        with granted as (
            select award.org_id, array_agg(distinct award.badge_definition_id) as badge_ids
            from unnest(v_written) as award
            group by award.org_id
        ),
        counted as (
            select distinct granted.org_id, badge_id
            from granted
            join badges_internal.milestones as counting
                on counting.org_id = granted.org_id
                and counting.measure = 'badges'
            cross join lateral unnest(granted.badge_ids) as badge_id
            where badge_id <> counting.badge_definition_id
            and (counting.badge_ids is null or badge_id = any(counting.badge_ids))
        )
        select array_agg(candidate)
        from (
            select row(
                award.peer_mentor_id, award.org_id, award.badge_definition_id,
                max(award.earned_at), null
            )::badges_internal.candidate as candidate
            from unnest(v_written) as award
            join counted
                on counted.org_id = award.org_id
                and counted.badge_id = award.badge_definition_id
            group by award.peer_mentor_id, award.org_id, award.badge_definition_id
        ) as granted
    );
end;
$$;

comment on function badges_internal._grant_dated(badges_internal.dated_award[]) is
'Writes awards that activities decided alone; gives, dated, those that other badges count.';
