-- An activity in order that can bring no badge that lapses need not look for one.
-- depends: 0025_parts_and_lapses

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.due_people
    -- No activity in order of an earlier day brings a badge that lapses; null = any may.
    add column reachable_on date;
