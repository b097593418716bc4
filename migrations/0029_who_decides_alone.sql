-- What a reached milestone brings is told by its row: three looks at other tables less an award.
-- depends: 0028_latest_batch

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- They are marked after they are written: in their pages, without other entries in the indexes.
alter table badges_internal.milestones set (fillfactor = 45);

alter table badges_internal.milestones
    -- Who reaches it has the badge: it is no part, and has no limited places.
    add column is_alone boolean not null default false,
    -- Another badge of the organization counts its badge, or may.
    add column is_counted boolean not null default true;

update badges_internal.milestones as milestone
set
    is_alone = milestone.parent is null and not exists (
        select
        from badges_internal.badge_places as place
        where place.org_id = milestone.org_id
        and place.badge_definition_id = milestone.badge_definition_id
        and place.tier = milestone.tier
    ),
    is_counted = exists (
        select
        from badges_internal.milestones as counting
        where counting.org_id = milestone.org_id
        and counting.measure in ('badges', 'lapse')
        and 'badges' in (counting.measure, counting.lapse_measure)
        and counting.badge_definition_id <> milestone.badge_definition_id
        and (
            counting.badge_ids is null
            or milestone.badge_definition_id = any(counting.badge_ids)
        )
    );

-- What is left to do about milestones that one activity crossed.
create type badges_internal.left_crossings as (
    alone badges_internal.dated_award[], -- not held, of what brings its badge at once
    candidates badges_internal.candidate[] -- badges that need the general way
);
