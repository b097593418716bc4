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
        with counted as (
            select badge.org_id, badge.badge_definition_id
            from (select distinct org_id, badge_definition_id from unnest(v_written)) as badge
            where exists (
                select
                from badges_internal.milestones as known
                where known.org_id = badge.org_id
                and known.badge_definition_id = badge.badge_definition_id
                and known.is_counted
            )
        )
        select array_agg(candidate)
        from (
            select row(
                award.peer_mentor_id, award.org_id, award.badge_definition_id,
                max(award.earned_at), null
            )::badges_internal.candidate as candidate
            from unnest(v_written) as award
            join counted using (org_id, badge_definition_id)
            group by award.peer_mentor_id, award.org_id, award.badge_definition_id
        ) as granted
    );
end;
$$;

comment on function badges_internal._grant_dated(badges_internal.dated_award[]) is
'Writes awards that activities decided alone; gives, dated, those that other badges count.';
