-- Lists the badges that count what has just changed, for the people whose awards those are.
--
-- However many awards changed, a person is looked at once.
create or replace function badges_internal._counting_badges(
    p_changed badges_internal.candidate[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select array_agg(distinct row(
            changed.peer_mentor_id, changed.org_id, milestone.badge_definition_id,
            null::timestamptz,
            null::bigint
        )::badges_internal.candidate)
        from (
            select
                each.peer_mentor_id, each.org_id,
                min(each.badge_definition_id collate "C") as least,
                max(each.badge_definition_id collate "C") as greatest,
                array_agg(distinct each.badge_definition_id) as badge_ids
            from unnest(p_changed) as each
            group by each.peer_mentor_id, each.org_id
        ) as changed
        join badges_internal.milestones as milestone
            on milestone.org_id = changed.org_id
            and milestone.measure = 'badges'
            and (milestone.badge_ids is null or milestone.badge_ids && changed.badge_ids)
            -- A badge does not count itself.
            and (
                milestone.badge_definition_id <> changed.least
                or milestone.badge_definition_id <> changed.greatest
            )
    );
end;
$$;

comment on function badges_internal._counting_badges(badges_internal.candidate[]) is
'Lists the badges that count what has just changed, for the people whose awards those are.';
