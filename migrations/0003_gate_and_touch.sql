-- Who may hold what writers wait for, and what one statement may have counted inside another.
-- depends: 0002_whole_rule_language

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The gate of the rules, always empty. Whatever evaluates holds it in ROW SHARE mode to the end of
-- its transaction, an apply in modes that keep other applies, and at last everybody, out. Only its
-- owner may lock it.
create table badges_internal.rule_gate ();

alter table badges.peer_mentor_stats
    -- On base rows: the transaction that last counted from the table itself, and the highest
    -- activity_id that can have been there. They tell whether a statement inside another has
    -- counted rows that the other one is about to count.
    add column counted_in xid8,
    add column counted_upto bigint;

alter type badges_internal.short_result
    add attribute previous_at timestamptz; -- the person's last activity so far

alter type badges_internal.fold_result
    -- To whom the statement brought a negative value that is not their newest, and from when on.
    add attribute fallen_people badges_internal.late_person[];

-- Whether something may hold no more is told by the activities, not by the rules.
-- squawk-ignore ban-drop-column
alter table badges_internal.activity_routes drop column has_revocable;
