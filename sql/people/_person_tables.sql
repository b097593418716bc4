-- Lists every table that keeps people, in the order in which a person is erased from them.
--
-- belongs_to: what a row is of. on_merge: moved to the other person unless the same is
-- there, dropped, or own, by statements of its own. A table that is made goes on this list, or on
-- the test's list of those that keep nobody. Archives of pgmerit dedupe are found by their column.
create or replace function badges_internal._person_tables()
returns table (
    place integer,
    table_name regclass,
    belongs_to badges_internal.person_row,
    on_merge text
)
language sql
stable
rows 15
set search_path = pg_catalog, pg_temp
as $$
    select
        kept.column1, kept.column2::regclass, kept.column3::badges_internal.person_row,
        kept.column4
    from (values
        -- What is being settled ends before its attempts and events are looked at.
        (1, 'badges_internal.event_queue', 'event', 'moved'),
        (2, 'badges_internal.delivery_attempts', 'event', 'moved'),
        (3, 'badges.award_events', 'organization', 'own'),
        (4, 'badges_internal.place_claims', 'organization', 'moved'),
        (5, 'badges_internal.removed_awards', 'organization', 'moved'),
        (6, 'badges.badge_denials', 'organization', 'moved'),
        (7, 'badges.earned_badges', 'organization', 'own'),
        (8, 'badges_internal.due_people', 'organization', 'moved'),
        (9, 'badges_internal.measured_ahead', 'organization', 'dropped'),
        (10, 'badges.activities', 'organization', 'own'),
        (11, 'badges_internal.stat_elements', 'organization', 'dropped'),
        -- The base row tells the triggers of the activities to count nothing.
        (12, 'badges.peer_mentor_stats', 'organization', 'dropped'),
        (13, 'badges.external_ids', 'person', 'own'),
        (14, 'badges_internal.merged_people', 'merge', 'own'),
        (15, 'badges_internal.source_rows_set_aside', 'organization', 'own')
    ) as kept
    union all
    select
        100, archive.oid::regclass,
        (case when exists (
            select
            from pg_attribute as org
            where org.attrelid = archive.oid
            and org.attname = 'org_id'
        ) then 'archive' else 'person' end)::badges_internal.person_row,
        'moved'
    from pg_namespace as home
    join pg_class as archive
        on archive.relnamespace = home.oid
        and archive.relkind = 'r'
        and archive.relname like 'archive\_%'
    join pg_attribute as person
        on person.attrelid = archive.oid
        and person.attname = 'peer_mentor_id'
        and person.atttypid = 'uuid'::regtype
    where home.nspname = 'pgmerit_dedupe';
$$;

comment on function badges_internal._person_tables() is
'Lists every table that keeps people, in the order in which a person is erased from them.';
