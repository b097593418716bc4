-- Notes with the milestones of organizations what reaching each of them brings.
--
-- is_alone: its badge, at once: it is no part, and has no places. is_counted: another badge counts
-- that badge, or may: a category is not looked at. next_threshold: what a row of the stat that has
-- reached it waits for next by the same measure, null = nothing.
--
-- Writes: badges_internal.milestones.
create or replace function badges_internal._mark_milestones(p_org_ids text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update badges_internal.milestones as milestone
    set
        is_alone = judged.is_alone,
        is_counted = judged.is_counted,
        next_threshold = judged.next_threshold
    from (
        select
            known.org_id, known.badge_definition_id, known.tier, known.occurrence, known.node,
            known.parent is null and definition.place_limit is null as is_alone,
            exists (
                select
                from badges_internal.milestones as counting
                where counting.org_id = known.org_id
                and counting.measure in ('badges', 'lapse')
                and 'badges' in (counting.measure, counting.lapse_measure)
                and counting.badge_definition_id <> known.badge_definition_id
                and (
                    counting.badge_ids is null
                    or known.badge_definition_id = any(counting.badge_ids)
                )
            ) as is_counted,
            first_value(waited) over (
                partition by known.org_id, known.stat, known.measure
                order by waited
                groups between 1 following and 1 following
            ) as next_threshold
        from badges_internal.milestones as known
        join badges.badge_definitions as definition using (badge_definition_id)
        cross join lateral
            badges_internal._waited_threshold(known.measure, known.threshold) as waited
        where known.org_id = any(p_org_ids)
    ) as judged
    where (
        milestone.org_id, milestone.badge_definition_id, milestone.tier, milestone.occurrence,
        milestone.node
    ) = (
        judged.org_id, judged.badge_definition_id, judged.tier, judged.occurrence, judged.node
    )
    and (milestone.is_alone, milestone.is_counted, milestone.next_threshold)
        is distinct from (judged.is_alone, judged.is_counted, judged.next_threshold);
end;
$$;

comment on function badges_internal._mark_milestones(text[]) is
'Notes with the milestones of organizations what reaching each of them brings.';
