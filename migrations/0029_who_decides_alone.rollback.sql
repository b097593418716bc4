set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.milestones reset (fillfactor);

alter table badges_internal.milestones
    drop column is_alone,
    drop column is_counted;

-- The routines that give it come anew.
-- squawk-ignore ban-drop-type
drop type badges_internal.left_crossings cascade;
